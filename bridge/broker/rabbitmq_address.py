"""What `BROKER_URL` says of RabbitMQ, as pika wants it. Nothing here repeats a password."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any

import pika

from bridge.errors import BadSettings

HEARTBEAT_S = 30
CONNECT_TIMEOUT_S = 5
BLOCKED_TIMEOUT_S = 300  # a memory alarm that lasts longer is worth a new connection
KEEPALIVE = {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}


@dataclass(frozen=True)
class RabbitAddress:
    """Where RabbitMQ is. `shown` is for people: host, port and virtual host, without user or password."""

    url: str
    heartbeat_s: int = HEARTBEAT_S

    @property
    def shown(self) -> str:
        parameters = self._parsed()
        return f"{parameters.host}:{parameters.port}, virtual host {parameters.virtual_host}"

    @property
    def virtual_host(self) -> str:
        return str(self._parsed().virtual_host)

    def parameters(self, purpose: str) -> pika.ConnectionParameters:
        """For one connection; `purpose` is its name on RabbitMQ's own pages."""
        parameters = self._parsed()
        parameters.heartbeat = self.heartbeat_s
        parameters.blocked_connection_timeout = BLOCKED_TIMEOUT_S
        parameters.socket_timeout = CONNECT_TIMEOUT_S
        parameters.stack_timeout = CONNECT_TIMEOUT_S
        parameters.connection_attempts = 1
        parameters.tcp_options = KEEPALIVE
        parameters.client_properties = {"connection_name": f"bridge {purpose}"}
        if parameters.ssl_options is not None:
            context = ssl.create_default_context()
            parameters.ssl_options = pika.SSLOptions(context, server_hostname=parameters.host)
        return parameters

    def __repr__(self) -> str:
        return f"RabbitAddress({self.shown})"

    def _parsed(self) -> Any:
        try:
            return pika.URLParameters(self.url)
        except (ValueError, TypeError):
            # pika's own words may hold a piece of the password, when a sign in it splits the address
            raise BadSettings(
                [
                    "BROKER_URL cannot be read; write amqp://user:password@host:5672/virtual-host "
                    "and percent-encode signs such as @ : / # in the password."
                ]
            ) from None
