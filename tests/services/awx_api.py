# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501, N815  a table of the API, and the names that http.server calls
"""A server with the API of AWX 24 for what role awx uses.

It knows the fields, references and rules of each kind of object, refuses everything else, and records what it was asked.
Jobs do not run; syncs end as `syncs` says. The kinds, fields and rules are those that AWX documents: `OPTIONS` of its
endpoints, and the messages of its serializers.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Object = dict[str, Any]
NOTIFICATIONS = ["notification_templates_started", "notification_templates_success", "notification_templates_error"]
ENCRYPTED = "$encrypted$"
QUESTION_TYPES: dict[str, type] = {
    "text": str, "textarea": str, "password": str, "multiplechoice": str, "multiselect": str, "integer": int, "float": float,
}  # fmt: skip


class RefusedError(Exception):
    """The server answers with a status and this document."""

    def __init__(self, status: int, document: Object) -> None:
        super().__init__(f"{status}: {document}")
        self.status, self.document = status, document


@dataclass
class Kind:
    """One kind of object: its type, fields with their types, references, lists of others, and what must be unique."""

    type: str
    fields: dict[str, Any] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ("name",)
    lists: dict[str, str] = field(default_factory=dict)
    unique: tuple[str, ...] = ("name",)
    roles: tuple[str, ...] = ()


TEXT, FLAG, NUMBER = "", False, 0
NAMED = {"name": TEXT, "description": TEXT}
NOTIFIED = dict.fromkeys(NOTIFICATIONS, "notification_templates")
ASKS = {
    f"ask_{name}_on_launch": FLAG
    for name in (
        "scm_branch", "diff_mode", "variables", "limit", "tags", "skip_tags", "job_type", "verbosity", "inventory", "credential",
        "execution_environment", "labels", "forks", "job_slice_count", "timeout", "instance_groups",
    )
}  # fmt: skip
KINDS = {
    "organizations": Kind(
        "organization", {**NAMED, "max_hosts": NUMBER}, {"default_environment": "execution_environments"},
        lists={**NOTIFIED, "galaxy_credentials": "credentials", "instance_groups": "instance_groups"},
    ),
    "teams": Kind("team", NAMED, {"organization": "organizations"}, ("name", "organization"), unique=("organization", "name")),
    "users": Kind("user", {"username": TEXT}, required=("username",), unique=("username",)),
    "instance_groups": Kind("instance_group", NAMED),
    "execution_environments": Kind(
        "execution_environment", {**NAMED, "image": TEXT, "pull": TEXT},
        {"organization": "organizations", "credential": "credentials"}, ("name", "image"),
    ),
    "credential_types": Kind(
        "credential_type", {**NAMED, "kind": TEXT, "inputs": {}, "injectors": {}, "managed": FLAG}, required=("name", "kind"),
    ),
    "credentials": Kind(
        "credential", {**NAMED, "inputs": {}},
        {"organization": "organizations", "credential_type": "credential_types", "team": "teams", "user": "users"},
        ("name", "credential_type"), unique=("organization", "name", "credential_type"),
    ),
    "projects": Kind(
        "project",
        {**NAMED, "scm_type": TEXT, "scm_url": TEXT, "scm_branch": TEXT, "scm_refspec": TEXT, "scm_clean": FLAG,
         "scm_track_submodules": FLAG, "scm_delete_on_update": FLAG, "scm_update_on_launch": FLAG, "local_path": TEXT,
         "scm_update_cache_timeout": NUMBER, "allow_override": FLAG, "timeout": NUMBER},
        {"organization": "organizations", "credential": "credentials", "default_environment": "execution_environments"},
        ("name", "organization"), NOTIFIED, ("organization", "name"),
    ),
    "inventories": Kind(
        "inventory", {**NAMED, "kind": TEXT, "host_filter": None, "variables": TEXT, "prevent_instance_group_fallback": FLAG},
        {"organization": "organizations"}, ("name", "organization"), {"instance_groups": "instance_groups"},
        ("organization", "name"),
    ),
    "inventory_sources": Kind(
        "inventory_source",
        {**NAMED, "source": TEXT, "source_path": TEXT, "source_vars": TEXT, "scm_branch": TEXT, "overwrite": FLAG,
         "overwrite_vars": FLAG, "update_on_launch": FLAG, "update_cache_timeout": NUMBER, "timeout": NUMBER, "verbosity": 1,
         "enabled_var": TEXT, "enabled_value": TEXT, "host_filter": TEXT, "limit": TEXT},
        {"inventory": "inventories", "source_project": "projects", "credential": "credentials",
         "execution_environment": "execution_environments"},
        ("name", "inventory", "source"), NOTIFIED, ("inventory", "name"),
    ),
    "job_templates": Kind(
        "job_template",
        {**NAMED, **ASKS, "job_type": "run", "playbook": TEXT, "scm_branch": TEXT, "forks": NUMBER, "limit": TEXT,
         "verbosity": NUMBER, "extra_vars": TEXT, "job_tags": TEXT, "skip_tags": TEXT, "force_handlers": FLAG,
         "start_at_task": TEXT, "timeout": NUMBER, "use_fact_cache": FLAG, "host_config_key": TEXT, "survey_enabled": FLAG,
         "become_enabled": FLAG, "diff_mode": FLAG, "allow_simultaneous": FLAG, "job_slice_count": 1,
         "webhook_service": TEXT, "prevent_instance_group_fallback": FLAG},
        {"organization": "organizations", "inventory": "inventories", "project": "projects",
         "execution_environment": "execution_environments", "webhook_credential": "credentials"},
        ("name", "project", "playbook"),
        {**NOTIFIED, "credentials": "credentials", "labels": "labels", "instance_groups": "instance_groups"},
        ("organization", "name"), ("admin_role", "execute_role", "read_role"),
    ),
    "workflow_job_templates": Kind(
        "workflow_job_template",
        {**NAMED, **ASKS, "extra_vars": TEXT, "survey_enabled": FLAG, "allow_simultaneous": FLAG,
         "limit": None, "scm_branch": None, "webhook_service": TEXT, "job_tags": None, "skip_tags": None},
        {"organization": "organizations", "inventory": "inventories", "webhook_credential": "credentials"}, ("name",),
        {**NOTIFIED, "notification_templates_approvals": "notification_templates", "labels": "labels"},
        ("organization", "name"), ("admin_role", "execute_role", "read_role", "approval_role"),
    ),
    "workflow_job_template_nodes": Kind(
        "workflow_job_template_node",
        {"identifier": TEXT, "extra_data": {}, "all_parents_must_converge": FLAG, "job_type": None, "limit": None},
        {"workflow_job_template": "workflow_job_templates", "unified_job_template": "unified_job_templates",
         "inventory": "inventories"},
        ("workflow_job_template", "identifier"),
        dict.fromkeys(("success_nodes", "failure_nodes", "always_nodes"), "workflow_job_template_nodes"),
        ("workflow_job_template", "identifier"),
    ),
    "schedules": Kind(
        "schedule",
        {**NAMED, "rrule": TEXT, "extra_data": {}, "enabled": True, "job_type": None, "limit": None},
        {"unified_job_template": "unified_job_templates", "inventory": "inventories"},
        ("name", "rrule", "unified_job_template"), {"credentials": "credentials"}, ("unified_job_template", "name"),
    ),
    "notification_templates": Kind(
        "notification_template", {**NAMED, "notification_type": TEXT, "notification_configuration": {}, "messages": None},
        {"organization": "organizations"}, ("name", "organization", "notification_type"), unique=("organization", "name"),
    ),
    "labels": Kind("label", {"name": TEXT}, {"organization": "organizations"}, ("name", "organization")),
}  # fmt: skip
UNIFIED = ("job_templates", "workflow_job_templates", "projects", "inventory_sources")
WEBHOOK = {"url", "headers", "http_method", "username", "password", "disable_ssl_verification"}


class AwxApi:
    """The objects of an AWX, and the answers to requests about them."""

    def __init__(self, playbooks: list[str]) -> None:
        self.playbooks = playbooks  # of every project
        self.syncs = {"project": "successful", "inventory_source": "successful"}  # how the next syncs end
        self.hosts = 1  # what the sync of an inventory finds
        self.objects: dict[str, dict[int, Object]] = {plural: {} for plural in KINDS}
        self.members: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[int, Object] = {}
        self.updates: dict[int, Object] = {}
        self.requests: list[tuple[str, str, Any]] = []
        self._next = 0
        bearer = {
            "fields": [
                {"id": "host"},
                {"id": "bearer_token", "secret": True},
                {"id": "verify_ssl"},
                {"id": "ssl_ca_cert"},
            ]
        }
        self.add("credential_types", name="OpenShift or Kubernetes API Bearer Token", kind="kubernetes", inputs=bearer)

    def add(self, plural: str, **fields: Any) -> int:
        """Make an object that is there before the role runs."""
        return int(self._create(plural, fields)["id"])

    def find(self, plural: str, name: str) -> Object:
        """Return the object with a name, or identifier."""
        (found,) = (one for one in self.objects[plural].values() if name in (one.get("name"), one.get("identifier")))
        return found

    def names(self, plural: str) -> list[str]:
        """Return the names of all objects of a kind."""
        return sorted(one.get("name") or one["identifier"] for one in self.objects[plural].values())

    @property
    def writes(self) -> list[tuple[str, str, Any]]:
        """The requests that change something, but for logins."""
        return [one for one in self.requests if one[0] != "GET" and "/tokens/" not in one[1]]

    def answer(self, method: str, url: str, body: Any) -> tuple[int, Any]:
        """Answer one request."""
        self.requests.append((method, url, body))
        parts = urlsplit(url)
        path = [part for part in parts.path.removeprefix("/api/v2/").split("/") if part]
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            if path[0] == "tokens":
                return (204, None) if method == "DELETE" else (201, {"id": 1, "token": "t"})
            if path[0] == "roles":
                return self._change_list(method, ("roles", int(path[1]), path[2]), path[2], body)
            if path[0] in ("project_updates", "inventory_updates"):
                return 200, self.updates[int(path[1])]
            if path[0] == "unified_job_templates":
                found = [one for plural in UNIFIED for one in self.objects[plural].values()]
                return 200, self._list("unified_job_templates", found, query)
            return self._answer_about_objects(method, path, query, body)
        except KeyError as error:
            return 404, {"detail": f"Not found: {error}"}
        except RefusedError as error:
            return error.status, error.document

    def _answer_about_objects(self, method: str, path: list[str], query: dict[str, str], body: Any) -> tuple[int, Any]:
        plural, kind = path[0], KINDS[path[0]]
        if len(path) == 1:
            if method == "GET":
                return 200, self._list(plural, list(self.objects[plural].values()), query)
            return 201, self._show(plural, self._create(plural, body))
        number = int(path[1])
        found = self.objects[plural][number]
        if len(path) == 2:
            if method == "GET":
                return 200, self._show(plural, found)
            if method == "DELETE":
                self._delete(plural, number)
                return (202 if plural == "inventories" else 204), None
            self._check(plural, {**found, **body}, body, found)
            if plural == "credential_types" and body.get("inputs", found["inputs"]) != found["inputs"]:
                self._check_unused(number)
            found.update(body)
            return 200, self._show(plural, found)
        if path[2] == "survey_spec":
            return self._answer_survey(method, number, body)
        if path[2] == "update":
            update = self._start_update(kind.type, number)
            return 202, update
        return self._change_list(method, (plural, number, path[2]), kind.lists[path[2]], body)

    def _list(self, plural: str, objects: list[Object], query: dict[str, str]) -> Object:
        results = [self._show(one["plural"], one) for one in objects if self._matches(plural, one, query)]
        return {"count": len(results), "next": None, "previous": None, "results": results}

    def _matches(self, plural: str, one: Object, query: dict[str, str]) -> bool:
        for name, wanted in query.items():
            key, _, rest = name.partition("__")
            kind = KINDS[one["plural"]]
            if key == "type":
                value: Any = kind.type
            elif key in kind.references and rest:
                value = self.objects[kind.references[key]][one[key]][rest] if one.get(key) else None
            elif key in (*kind.fields, *kind.references, "id"):
                value = one.get(key)
            elif plural == "unified_job_templates" and key == "organization":
                value = None
            else:
                raise RefusedError(400, {"detail": f"{KINDS[one['plural']].type} has no field named '{name}'"})
            fits = str(value).startswith(wanted) if rest == "startswith" else str(value) == wanted
            if not fits:
                return False
        return True

    def _show(self, plural: str, one: Object) -> Object:
        kind, base = KINDS[plural], f"/api/v2/{plural}/{one['id']}/"
        shown = {name: value for name, value in one.items() if name not in ("plural", "current_update")}
        summary: Object = {"object_roles": {role: {"id": one["id"] * 100 + n} for n, role in enumerate(kind.roles)}}
        for name, of in kind.references.items():
            if of in KINDS and one.get(name):
                summary[name] = {"id": one[name], "name": self.objects[of][one[name]].get("name")}
        if "current_update" in one:
            summary["current_update"] = {"id": one["current_update"]}
        related = {name: f"{base}{name}/" for name in (*kind.lists, "survey_spec", "update")}
        if plural == "credentials":
            secret = self._secret_fields(one["credential_type"])
            shown["inputs"] = {name: ENCRYPTED if name in secret else value for name, value in one["inputs"].items()}
        return {**shown, "type": kind.type, "url": base, "related": related, "summary_fields": summary}

    def _secret_fields(self, credential_type: int) -> set[str]:
        fields = self.objects["credential_types"][credential_type]["inputs"].get("fields", [])
        return {one["id"] for one in fields if one.get("secret")}

    def _create(self, plural: str, body: Object) -> Object:
        kind = KINDS[plural]
        defaults = {**kind.fields, **dict.fromkeys(kind.references)}
        self._check(plural, {**defaults, **body}, body, None)
        self._next += 1
        one = {**json.loads(json.dumps(defaults)), **body, "id": self._next, "plural": plural}
        if plural == "job_templates":
            one["organization"] = self.objects["projects"][one["project"]]["organization"]
        if plural in ("projects", "inventory_sources"):
            one["status"] = "never updated"
        if plural == "inventories":
            one["total_hosts"] = 0
        self.objects[plural][one["id"]] = one
        if plural == "projects":
            one["scm_revision"] = ""
            one["current_update"] = self._start_update("project", one["id"])["id"]
        return one

    def _check(self, plural: str, whole: Object, body: Object, existing: Object | None) -> None:
        kind, problems = KINDS[plural], {}
        for name, value in body.items():
            if name in kind.references:
                of = kind.references[name]
                known = (
                    [n for each in UNIFIED for n in self.objects[each]]
                    if of == "unified_job_templates"
                    else self.objects[of]
                )
                if value is not None and value not in known:
                    problems[name] = [f'Invalid pk "{value}" - object does not exist.']
            elif name not in kind.fields:
                problems[name] = [f"{kind.type} has no such field"]
            elif value is not None and kind.fields[name] is not None and type(value) is not type(kind.fields[name]):
                problems[name] = [f"Not a valid {type(kind.fields[name]).__name__}: {value!r}"]
        problems |= {name: ["This field is required."] for name in kind.required if whole.get(name) in (None, "")}
        others = [one for one in self.objects[plural].values() if existing is None or one["id"] != existing["id"]]
        if any(all(one.get(name) == whole.get(name) for name in kind.unique) for one in others):
            problems["__all__"] = [f"{kind.type} with this {' and '.join(kind.unique)} already exists."]
        if not problems and (check := getattr(self, f"_check_{kind.type}", None)):
            problems = check(whole)
        if problems:
            raise RefusedError(400, problems)

    def _check_credential(self, whole: Object) -> Object:
        fields = self.objects["credential_types"][whole["credential_type"]]["inputs"].get("fields", [])
        unknown = set(whole["inputs"]) - {one["id"] for one in fields}
        return {"inputs": [f"Additional properties are not allowed ({', '.join(sorted(unknown))})"]} if unknown else {}

    def _check_credential_type(self, whole: Object) -> Object:
        if whole["kind"] not in ("cloud", "net", "kubernetes"):
            return {"kind": ["Must be 'cloud' or 'net'"]}
        fields = {one["id"] for one in whole["inputs"].get("fields", [])}
        used = set(re.findall(r"{{ (\w+) }}", json.dumps(whole["injectors"])))
        return {"injectors": [f"uses an undefined field ({', '.join(used - fields)})"]} if used - fields else {}

    def _check_unused(self, credential_type: int) -> None:
        if any(one["credential_type"] == credential_type for one in self.objects["credentials"].values()):
            message = "Modifications to inputs are not allowed for credential types that are in use"
            raise RefusedError(403, {"detail": message})

    def _check_execution_environment(self, whole: Object) -> Object:
        return {} if whole["pull"] in ("always", "missing", "never", "") else {"pull": ["not a valid choice"]}

    def _check_job_template(self, whole: Object) -> Object:
        if whole["playbook"] not in self.playbooks:
            return {"playbook": ["Playbook not found for project."]}
        if whole["inventory"] is None and not whole["ask_inventory_on_launch"]:
            return {"inventory": ["Job Template must provide 'inventory' or allow prompting for it."]}
        return {} if isinstance(json.loads(whole["extra_vars"] or "{}"), dict) else {"extra_vars": ["Must be JSON"]}

    def _check_inventory_source(self, whole: Object) -> Object:
        if whole["source"] == "scm" and whole["source_project"] is None:
            return {"source_project": ["Project required for scm type sources."]}
        return {}

    def _check_notification_template(self, whole: Object) -> Object:
        given = set(whole["notification_configuration"])
        if whole["notification_type"] == "webhook" and given != WEBHOOK:
            return {"notification_configuration": [f"Missing or unknown fields: {sorted(given ^ WEBHOOK)}"]}
        return {}

    def _check_schedule(self, whole: Object) -> Object:
        if not re.match(r"DTSTART(;TZID=[\w/]+)?:\d{8}T\d{6}Z? RRULE:.*FREQ=\w+.*INTERVAL=\d+", whole["rrule"]):
            return {"rrule": ["Valid DTSTART required in rrule, with FREQ and INTERVAL."]}
        questions = {
            one["variable"]: one for one in self.surveys.get(whole["unified_job_template"], {}).get("spec", [])
        }
        if unknown := set(whole["extra_data"]) - set(questions):
            return {"extra_data": [f"Variables {', '.join(sorted(unknown))} are not allowed on launch."]}
        lacking = [name for name, one in questions.items() if one["required"] and name not in whole["extra_data"]]
        return {"variables_needed_to_start": [f"'{name}' value missing" for name in lacking]} if lacking else {}

    def _delete(self, plural: str, number: int) -> None:
        """Delete an object and, as AWX does, what cannot be without it."""
        del self.objects[plural][number]
        self.members = {
            key: [one for one in members if one != number] for key, members in self.members.items() if key[1] != number
        }
        needed = {"workflow_job_template", "unified_job_template", "inventory", "organization", "credential_type"}
        for other, kind in KINDS.items():
            for name in needed & kind.references.keys():
                for one in [one for one in self.objects[other].values() if one.get(name) == number]:
                    if one["id"] in self.objects[other]:
                        self._delete(other, one["id"])

    def _change_list(self, method: str, key: tuple[str, int, str], of: str, body: Any) -> tuple[int, Any]:
        members = self.members.setdefault(key, [])
        if method == "GET":
            return 200, self._list(of, [self.objects[of][number] for number in members], {})
        if set(body) - {"id", "disassociate"}:
            raise RefusedError(400, {"msg": f"unknown fields in {body}"})
        number = body["id"]
        if number not in self.objects[of]:
            raise RefusedError(400, {"detail": f"{of} has no object {number}"})
        if body.get("disassociate"):
            if number not in members:
                raise RefusedError(400, {"detail": f"{number} is not in the list"})
            members.remove(number)
        elif number in members:
            raise RefusedError(400, {"detail": f"{number} is in the list already"})
        else:
            if key[2] == "credentials":
                types = [self.objects[of][each]["credential_type"] for each in members]
                if self.objects[of][number]["credential_type"] in types:
                    raise RefusedError(400, {"error": "Cannot assign multiple credentials of this type."})
            members.append(number)
        return 204, None

    def _start_update(self, kind: str, number: int) -> Object:
        self._next += 1
        status = self.syncs[kind]
        plural = "projects" if kind == "project" else "inventory_sources"
        source = self.objects[plural][number]
        source["status"] = status
        if kind == "inventory_source":
            self.objects["inventories"][source["inventory"]]["total_hosts"] = (
                self.hosts if status == "successful" else 0
            )
        updates = "project_updates" if kind == "project" else "inventory_updates"
        self.updates[self._next] = {
            "id": self._next, "status": status, "failed": status != "successful", "finished": "2026-01-01T00:00:00Z",
            "event_processing_finished": True, "elapsed": 1.0, "started": "2026-01-01T00:00:00Z", "scm_revision": "",
            "url": f"/api/v2/{updates}/{self._next}/",
        }  # fmt: skip
        return self.updates[self._next]

    def _answer_survey(self, method: str, number: int, body: Any) -> tuple[int, Any]:
        if method == "GET":
            return 200, self.surveys.get(number, {})
        if method == "POST":
            _check_survey(body)
            self.surveys[number] = body
        else:
            self.surveys.pop(number, None)
        return 200, {}


def _check_survey(body: Object) -> None:
    def refuse(message: str) -> None:
        raise RefusedError(400, {"error": message})

    if set(body) != {"name", "description", "spec"} or not body["spec"]:
        refuse("Field name, description or spec is missing from survey spec, or it has no items.")
    known = {
        "question_name",
        "question_description",
        "required",
        "type",
        "variable",
        "min",
        "max",
        "default",
        "choices",
    }
    for one in body["spec"]:
        if set(one) - known:
            refuse(f"unknown fields {sorted(set(one) - known)}")
        if not {"type", "question_name", "variable", "required"} <= set(one) or not isinstance(one["required"], bool):
            refuse(f"a field is missing from survey question {one}")
        if one["type"] not in QUESTION_TYPES:
            refuse(f"{one['type']} is not one of the allowed question types")
        default = one.get("default", "")
        if default != "" and not isinstance(default, QUESTION_TYPES[one["type"]]):
            refuse(f"Default value {default!r} expected to be {one['type']}")
        if any(not isinstance(one.get(limit, 0), int) for limit in ("min", "max")):
            refuse(f"The limits in survey question {one} expected to be integer")
        defaults = default.splitlines() if one["type"] == "multiselect" else [default]
        if one["type"].startswith("multi") and not set(defaults) <= set(one.get("choices") or []):
            refuse(f"Default choice must be answered from the choices listed: {one}")
    if len({one["variable"] for one in body["spec"]}) != len(body["spec"]):
        refuse("a variable is duplicated")


def _make_handler(api: AwxApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length)
            status, document = api.answer(self.command, self.path, json.loads(text) if text else None)
            content = b"" if document is None else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("X-API-Product-Name", "AWX")
            self.send_header("X-API-Product-Version", "24.6.1")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET: Callable[..., None] = _serve
        do_POST, do_PATCH, do_DELETE = _serve, _serve, _serve

        def log_message(self, format: str, *args: Any) -> None:
            """Print nothing: `requests` has them."""

    return Handler


@contextmanager
def serve_awx_api(playbooks: list[str]) -> Iterator[tuple[AwxApi, str]]:
    """Serve an AWX in which nothing was made yet; yield it and its address."""
    api = AwxApi(playbooks)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(api))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
