"""The PostgreSQL side: a cluster for each database, its roles, certificates to sign in with, and who may reach it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from chassis.migrate import role_of, sealer_of

from tools.deploy import facts, policies

Object = dict[str, Any]
API = "postgresql.cnpg.io/v1"
TIMEOUTS = {"app": "30s", "sealer": "5min", "reader": "5min", "owner": "0"}
"""Login -> its statement_timeout; an owner migrates and loads for as long as it takes."""
LOCKS, IDLE = "5s", "10s"
PARAMETERS = {
    "wal_level": "replica",
    "synchronous_commit": "on",
    "lock_timeout": LOCKS,
    "idle_in_transaction_session_timeout": IDLE,
    "max_connections": "200",
    "log_min_duration_statement": "1s",
}


@dataclass(frozen=True)
class Login:
    """Somebody who opens sessions: a role of PostgreSQL, and the certificate that proves it."""

    database: str
    kind: str
    """app, owner, sealer or reader."""
    role: str
    secret: str
    """Where its certificate lies; in an installation without this component, its address."""


def cluster(database: str) -> str:
    """The cluster's name."""
    return f"{database}-db"


def logins(database: str) -> list[Login]:
    """Who signs in to a database; of the vault each service that seals has a login of its own."""
    if database != facts.VAULT:
        kinds = ("app", "owner", "sealer", "reader")
        return [Login(database, kind, f"{database}_{kind}", f"{database}-database-{kind}") for kind in kinds]
    services = sorted({service for service, _ in facts.databases()[facts.VAULT]})
    apps = [Login(database, "app", f"vault_{name}", f"{name}-vault-app") for name in services]
    return [*apps, Login(database, "owner", "vault_owner", "vault-database-owner")]


def roles_sql(database: str) -> list[str]:
    """What a superuser runs once in a new database: roles, who is in which, and how long each may hold things up."""
    groups = {"app": role_of(database), "sealer": sealer_of(database), "reader": "pg_read_all_data"}
    if database == facts.VAULT:
        groups = {"app": role_of(database)}
    made = [group for group in groups.values() if not group.startswith("pg_")]
    sql = [f"CREATE ROLE {group} NOLOGIN" for group in made]
    sql += [f"GRANT {', '.join(made)} TO {database}_owner WITH ADMIN OPTION"]
    for login in logins(database):
        if login.kind != "owner":
            sql.append(f"CREATE ROLE {login.role} LOGIN IN ROLE {groups[login.kind]}")
        if login.kind == "reader":
            sql.append(f"ALTER ROLE {login.role} SET default_transaction_read_only = on")
        sql.append(f"ALTER ROLE {login.role} SET statement_timeout = '{TIMEOUTS[login.kind]}'")
        sql.append(f"ALTER ROLE {login.role} SET lock_timeout = '{LOCKS}'")
        sql.append(f"ALTER ROLE {login.role} SET idle_in_transaction_session_timeout = '{IDLE}'")
    return sql


def url(login: Login) -> str:
    """The address that a process is given: who it is, and where its certificate lies; nothing secret."""
    folder = "/etc/mandate/vault" if login.database == facts.VAULT else "/etc/mandate/database"
    files = {"sslrootcert": "ca.crt", "sslcert": "tls.crt", "sslkey": "tls.key"}
    query = urlencode({"sslmode": "verify-full"} | {key: f"{folder}/{file}" for key, file in files.items()}, safe="/")
    return f"postgresql://{login.role}@{cluster(login.database)}-rw:{facts.table().ports['postgres']}/{login.database}?{query}"


def files() -> dict[str, list[Object]]:
    """File name -> objects."""
    names = list(facts.databases())
    return {
        "clusters.yaml": [_cluster(name) for name in names],
        "backups.yaml": [_backup(name) for name in names],
        "certificates.yaml": [_certificate(login) for name in names for login in logins(name)],
        "policies.yaml": [policy for name in names for policy in _policies(name)],
        "workloads.yaml": list(_mounts()),
        "urls/kustomization.yaml": [_urls(names)],
    }


def _cluster(database: str) -> Object:
    name = cluster(database)
    users = ",".join(login.role for login in logins(database))
    return {
        "apiVersion": API,
        "kind": "Cluster",
        "metadata": {"name": name},
        "spec": {
            "instances": 3,
            "imageName": "ghcr.io/cloudnative-pg/postgresql:18",
            "primaryUpdateStrategy": "unsupervised",
            "enableSuperuserAccess": False,
            "enablePDB": True,
            "bootstrap": {
                "initdb": {
                    "database": database,
                    "owner": f"{database}_owner",
                    "dataChecksums": True,
                    "postInitApplicationSQL": roles_sql(database),
                }
            },
            "postgresql": {
                "synchronous": {"method": "any", "number": 1, "dataDurability": "required"},
                "parameters": PARAMETERS,
                "pg_hba": [f"hostssl {database} {users} all cert", "host all all all reject"],
            },
            "certificates": {"clientCASecret": "mandate-database-ca", "replicationTLSSecret": "database-replication"},
            "affinity": {"topologyKey": "kubernetes.io/hostname", "podAntiAffinityType": "preferred"},
            "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
            "storage": {"size": "20Gi"},
            "walStorage": {"size": "10Gi"},
            "backup": {
                "retentionPolicy": "30d",
                "barmanObjectStore": {
                    "destinationPath": f"s3://mandate-backups/{name}",
                    "s3Credentials": {"inheritFromIAMRole": True},
                    "wal": {"compression": "gzip"},
                },
            },
        },
    }


def _backup(database: str) -> Object:
    return {
        "apiVersion": API,
        "kind": "ScheduledBackup",
        "metadata": {"name": cluster(database)},
        "spec": {"schedule": "0 30 2 * * *", "backupOwnerReference": "self", "cluster": {"name": cluster(database)}},
    }


def _certificate(login: Login) -> Object:
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": login.secret},
        "spec": {
            "secretName": login.secret,
            "commonName": login.role,
            "usages": ["client auth"],
            "duration": "1440h",
            "renewBefore": "480h",
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "issuerRef": {"kind": "Issuer", "name": "mandate-database"},
        },
    }


def _policies(database: str) -> Iterator[Object]:
    pods = {"matchLabels": {"cnpg.io/cluster": cluster(database)}}
    clients: dict[str, list[str]] = {}
    for service, role in facts.databases()[database]:
        clients.setdefault(service, []).append(role)
    peers = [{"podSelector": policies.selector(service, *roles)} for service, roles in clients.items()]
    yield policies.policy(
        f"{cluster(database)}-clients", pods, ingress=[{"from": peers, "ports": policies.tcp("postgres")}]
    )
    for service, roles in clients.items():
        yield policies.policy(
            f"{service}-to-{cluster(database)}",
            policies.selector(service, *roles),
            egress=[{"to": [{"podSelector": pods}], "ports": policies.tcp("postgres")}],
        )


def _mounts() -> Iterator[Object]:
    """Patches: where a process looks for its address, it finds that of the cluster, and its certificate."""
    for service, role in facts.parties():
        if service not in facts.SERVICES:
            continue
        kind = {"migrate": "owner", "sealer": "sealer"}.get(role, "app")
        volumes = [_volume("database", next(one for one in logins(service) if one.kind == kind))]
        if (service, role) in facts.databases()[facts.VAULT]:
            found = [one for one in logins(facts.VAULT) if one.kind == kind]
            volumes.append(
                _volume("vault", next(one for one in found if kind == "owner" or one.role.endswith(service)))
            )
        job = role == "migrate"
        yield {
            "apiVersion": "batch/v1" if job else "apps/v1",
            "kind": "Job" if job else "Deployment",
            "metadata": {"name": f"{service}-{role}"},
            "spec": {"template": {"spec": {"volumes": volumes}}},
        }


def _volume(name: str, login: Login) -> Object:
    sources = [
        {"configMap": {"name": "database-urls", "items": [{"key": login.role, "path": "url"}]}},
        {"secret": {"name": f"{cluster(login.database)}-ca", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"secret": {"name": login.secret, "items": [{"key": key, "path": key} for key in ("tls.crt", "tls.key")]}},
    ]
    return {"name": name, "projected": {"defaultMode": 0o440, "sources": sources}}


def _urls(names: Sequence[str]) -> Object:
    literals = [f"{login.role}={url(login)}" for name in names for login in logins(name)]
    return {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "configMapGenerator": [{"name": "database-urls", "literals": literals}],
    }
