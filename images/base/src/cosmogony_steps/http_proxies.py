# SPDX-License-Identifier: Apache-2.0
"""HTTP through the proxy that the environment names: HTTP_PROXY, HTTPS_PROXY and NO_PROXY."""

from __future__ import annotations

import urllib.request
from typing import Any
from urllib.parse import unquote, urlsplit

import urllib3


class EnvironmentProxyPool(urllib3.PoolManager):
    """A pool of connections that asks the proxy of the environment for each address, where that names one.

    urllib3 itself leaves the environment to its callers. The meaning of the variables is that of the standard library:
    an entry of NO_PROXY is a host, an ending of a host name, or an address, with or without a port.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._options = options
        self._proxies: dict[str, urllib3.ProxyManager] = {}

    def urlopen(  # type: ignore[override]
        self, method: str, url: str, redirect: bool = True, **options: Any
    ) -> urllib3.BaseHTTPResponse:
        """Send a request, as PoolManager.urlopen does."""
        proxy = find_proxy(url)
        if not proxy:
            return super().urlopen(method, url, redirect=redirect, **options)
        if proxy not in self._proxies:
            self._proxies[proxy] = _make_proxy_manager(proxy, self._options)
        return self._proxies[proxy].urlopen(method, url, redirect=redirect, **options)


def find_proxy(url: str) -> str:
    """Return the URL of the proxy for an address; "" for none."""
    address = urlsplit(url)
    if urllib.request.proxy_bypass(address.netloc.rpartition("@")[2]):
        return ""
    proxy = urllib.request.getproxies().get(address.scheme, "")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def _make_proxy_manager(proxy: str, options: dict[str, Any]) -> urllib3.ProxyManager:
    address = urlsplit(proxy)
    headers = None
    if address.username is not None:
        login = f"{unquote(address.username)}:{unquote(address.password or '')}"
        headers = urllib3.make_headers(proxy_basic_auth=login)
    return urllib3.ProxyManager(
        f"{address.scheme}://{address.netloc.rpartition('@')[2]}", proxy_headers=headers, **options
    )
