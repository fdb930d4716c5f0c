# SPDX-License-Identifier: Apache-2.0
"""The settings that the steps of a data update read. `make schemas` makes this file of meta/settings.schema.yml."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from .document import SettingsDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesSettings:
    """Full references, tag or digest included; blank takes what role images built, or what images_tags names."""

    #: Importer; part of the inputs of a release.
    importer: str = ""
    #: Statistics; part of the inputs of a release.
    dashboard: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """S3 store for extracts, zones and releases."""

    #: Host and port as pods see it, without a scheme.
    endpoint: Annotated[str, Meta(pattern="^([A-Za-z0-9._-]+(:[0-9]{1,5})?)?$")] = ""
    #: Whether the store speaks TLS.
    secure: bool = True
    #: Region of the bucket.
    region: str = "us-east-1"
    #: Name of the bucket, 3 to 63 characters.
    bucket: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] = "cosmogony"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """PostgreSQL with PostGIS."""

    #: Host as pods see it.
    host: Annotated[str, Meta(pattern="^[^\\s/@]*$")] = ""
    #: Port of PostgreSQL.
    port: Annotated[int, Meta(ge=1, le=65535)] = 5432
    #: Database, with the extension postgis.
    name: str = "cosmogony"
    #: libpq's sslmode.
    sslmode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] = "prefer"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditSettings:
    """A name that the map shows."""

    #: The name, plain text.
    text: Annotated[str, Meta(pattern="\\S")]
    #: Page that says more, http or https.
    url: Annotated[str, Meta(pattern="^(https?://[^\\s/]\\S*)?$")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """An OSM extract."""

    #: Address of the file.
    url: str
    #: The last part of the URL, which it must be if it is given.
    name: str = ""
    #: ISO 3166-1 alpha-2, for an extract whose country carries no ISO tag.
    country_code: str = ""
    #: Whether it is part of an update.
    enabled: bool = True
    #: Languages of the labels of its zones; blank takes the general ones.
    languages: tuple[str, ...] = ()
    #: Whether to make no zones around places that have none.
    disable_voronoi: bool = False
    #: Zone types that its country must have, so that their absence is wrong on the data dashboard; needs
    #: country_code. Blank judges the zone types that the data have.
    levels: tuple[
        Literal["suburb", "city_district", "city", "state_district", "state", "country_region", "country"], ...
    ] = ()
    #: Names that the map shows for its zones, a list; blank shows the contributors of OpenStreetMap. A change makes
    #: a new release of the same zones.
    attribution: tuple[CreditSettings, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesSettings:
    """OSM extracts, and how their zones are made.

    A list alone is the extracts.
    """

    #: OSM extracts. Each has a url (http, https, s3 or file), and if wanted country_code (ISO 3166-1 alpha-2),
    #: enabled, languages, disable_voronoi, levels and attribution.
    extracts: tuple[SourceSettings, ...] = ()
    #: Whether the zones are those of the original Cosmogony instead of corrected ones.
    as_original: bool = False
    #: Small extracts are worked on together, one after the other in one pod, up to this many bytes.
    batch_bytes: Annotated[int, Meta(ge=0)] = 256000000
    #: Extracts that are worked on in one pod at most.
    batch_sources: Annotated[int, Meta(ge=1, le=1000)] = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStorageSettings:
    """S3 server of the sources s3://bucket/key, where that is not the store of the stack."""

    #: Host and port, without a scheme; blank means the store of the stack.
    endpoint: Annotated[str, Meta(pattern="^([A-Za-z0-9._-]+(:[0-9]{1,5})?)?$")] = ""
    #: Whether that server speaks TLS.
    secure: bool = True
    #: Region of its buckets.
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupStorageSettings:
    """Where playbooks/backup.yml writes and playbooks/restore.yml reads, by default below a prefix of the same bucket.

    A bucket of another server survives the loss of the first.
    """

    #: Host and port of another S3 server, without a scheme; blank means the store of the stack.
    endpoint: Annotated[str, Meta(pattern="^([A-Za-z0-9._-]+(:[0-9]{1,5})?)?$")] = ""
    #: Whether that server speaks TLS.
    secure: bool = True
    #: Region of its bucket.
    region: str = "us-east-1"
    #: Name of the bucket, which must exist; blank takes that of the stack, which needs no endpoint.
    bucket: Annotated[str, Meta(pattern="^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$")] = ""
    #: What keys of its objects begin with, without a slash at the end.
    prefix: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._/-]*$")] = "backups"
    #: Backups that are kept; older ones are removed after a new one is complete.
    keep: Annotated[int, Meta(ge=1)] = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractSettings:
    """How the zones of one extract are made."""

    #: Threads of one extraction.
    threads: Annotated[int, Meta(ge=1)] = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TilesSettings:
    """Vector tiles."""

    #: Tile server; trex is the original one, for those who keep it.
    engine: Literal["martin", "trex"] = "martin"
    #: Tiles of zooms 0 to this one are stored with each release.
    max_stored_zoom: Annotated[int, Meta(ge=0, le=14)] = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TrexSettings:
    """The tile server t-rex; only where tiles.engine is trex."""

    #: Tiles of zooms 0 to this one are generated with each release.
    generate_max_zoom: Annotated[int, Meta(ge=0, le=13)] = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasesSettings:
    """Releases of the data."""

    #: Releases kept for rollback, the live one included.
    keep: Annotated[int, Meta(ge=1)] = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """What blocks a release.

    The live one stays then, until the cause is gone or somebody gives a reason to override.
    """

    #: Zones of one country and type fewer than the live release has, in per cent.
    max_loss_percent: Annotated[float, Meta(ge=0, le=100)] = 5.0
    #: Zones that a country may lose of one type whatever the per cent.
    max_loss_zones: Annotated[int, Meta(ge=0)] = 10
    #: Expected counts that the live release meets and that a release may miss.
    max_turned_ko: Annotated[int, Meta(ge=0)] = 0
    #: Zones that may reach outside their parent, a number, or per cent of those looked at (rounded up).
    max_outside: Annotated[str, Meta(pattern="^([0-9]+|(100|[0-9]{1,2})(\\.[0-9]+)?%)$")] = "1%"
    #: A zone reaches outside when more than this percentage of its area does.
    outside_tolerance_percent: Annotated[float, Meta(ge=0, le=100)] = 1.0
    #: What becomes of a release with a source that does not contain its own country completely.
    incomplete: Literal["block", "allow"] = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    """Summaries of runs."""

    #: Days that plans and summaries of runs are kept in the store.
    keep_days: Annotated[int, Meta(ge=1)] = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(SettingsDocument):
    """Settings of the steps, by section."""

    images: ImagesSettings = field(default_factory=ImagesSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    sources: SourcesSettings = field(default_factory=SourcesSettings)
    source_storage: SourceStorageSettings = field(default_factory=SourceStorageSettings)
    backup_storage: BackupStorageSettings = field(default_factory=BackupStorageSettings)
    #: Languages of the labels (ISO 639); an empty list keeps every language found.
    languages: tuple[Annotated[str, Meta(pattern="^[A-Za-z][A-Za-z0-9_-]*$")], ...] = ()
    extract: ExtractSettings = field(default_factory=ExtractSettings)
    tiles: TilesSettings = field(default_factory=TilesSettings)
    trex: TrexSettings = field(default_factory=TrexSettings)
    releases: ReleasesSettings = field(default_factory=ReleasesSettings)
    gate: GateSettings = field(default_factory=GateSettings)
    report: ReportSettings = field(default_factory=ReportSettings)
