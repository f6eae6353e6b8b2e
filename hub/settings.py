"""Settings of one hub, from the environment (`DAMHUB_...`) and from a file (`damhub.toml` in the working folder)."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from mappings.languages import DEFAULT, canonical

PREFIX: Final = "DAMHUB_"
FILE: Final = Path("damhub.toml")
NO_SETTINGS: Final = frozenset(
    {"DAMHUB_FAULTPOINT", "DAMHUB_FAULTPOINT_DELAY_S", "DAMHUB_MODEL_SEEDS", "DAMHUB_REQUIRE_SERVICES"}
)
"""Variables that rehearsals and tests read by themselves."""


class S3Settings(BaseModel):
    """Where blobs are kept when they are not kept in a folder (`DAMHUB_S3_...`, in the file `[s3]`)."""

    model_config = ConfigDict(extra="ignore")
    endpoint_url: str | None = None
    bucket: str = ""
    region: str = "us-east-1"
    access_key: SecretStr = SecretStr("")
    secret_key: SecretStr = SecretStr("")
    prefix: str = ""


def _or_none(value: object) -> object:
    return value or None


def _in_capitals(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class Settings(BaseSettings):
    """Everything that an operator may set. The environment wins over the file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="_", env_nested_max_split=1, extra="ignore"
    )

    home: Path = Path("damhub-data")
    """Folder of the embedded database, local blobs, index, keys and logs."""
    database_url: str = ""
    """`postgresql+psycopg://...`; empty: SQLite in the home folder."""
    storage: Literal["folder", "s3"] = "folder"
    s3: S3Settings = Field(default_factory=S3Settings)
    host: str = "127.0.0.1"
    port: int = Field(default=8300, ge=1, le=65_535)
    base_url: str = ""
    """How browsers and remotes reach this hub; empty: http://host:port."""
    web_workers: int = Field(default=1, ge=1)
    web_threads: int = Field(default=8, ge=1)
    secret_key: SecretStr = SecretStr("")
    """Signs links and seals credentials; empty: made on first run and kept in `home/keys`, outside the database."""
    trusted_origins: list[str] = Field(default_factory=list)
    """Origins on private or loopback addresses that the hub may call, such as a WordPress in the same network."""
    folders: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")], Path] = Field(default_factory=dict)
    """Folders outside the home folder that copies may be published to, by name."""
    sandboxes: Annotated[Path | None, BeforeValidator(_or_none)] = None
    """What the connect forms tell of sandboxes that run beside the hub; `damhub demo` sets it, nobody else."""
    rights_default: Literal["allow", "deny"] = "allow"
    """Whether an asset without any licence on record may be used."""
    deletion_grace_days: int = Field(default=30, ge=1)
    """How long a deleted asset can be brought back, before its bytes are removed."""
    max_upload_bytes: int = Field(default=5 * 1024**3, ge=1)
    media_processes: int = Field(default=2, ge=1)
    language: Annotated[str, AfterValidator(canonical)] = DEFAULT
    """The language of the catalogue's texts, as a BCP 47 tag; others are kept beside it."""
    clock_shift_s: int = 0
    """For rehearsals: runs the whole hub at another time."""
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_in_capitals)] = "INFO"
    secure_cookies: bool = False
    """Set where the hub is reached over https."""

    @model_validator(mode="after")
    def _has_a_bucket(self) -> Self:
        if self.storage == "s3" and not self.s3.bucket:
            raise ValueError("DAMHUB_STORAGE is s3, so DAMHUB_S3_BUCKET must name a bucket")
        return self

    @model_validator(mode="after")
    def _folders_lie_outside(self) -> Self:
        home = self.home.resolve()
        for name, folder in self.folders.items():
            there = folder.resolve()
            if not folder.is_absolute() or there.is_relative_to(home) or home.is_relative_to(there):
                raise ValueError(f"DAMHUB_FOLDERS: {name} must be a whole path, apart from the hub's own home folder")
        return self

    @property
    def address(self) -> str:
        """Return where the web process listens, as servers and URLs write it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Return the address under which the hub is reached, without a trailing slash."""
        return (self.base_url or f"http://{self.address}").rstrip("/")

    @property
    def database(self) -> str:
        """Return the database's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{(self.home / 'damhub.sqlite3').resolve()}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments first, then the environment, then `damhub.toml` in the working folder."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=FILE)


def unknown_names(environ: Mapping[str, str], file: Path = FILE) -> Iterator[tuple[str, str]]:
    """Find names that look like settings and are none: each with the known name that it resembles, or with nothing.

    A misspelt setting would otherwise have no effect, and nobody would notice.
    """
    known = [*setting_names()]
    for name in sorted(environ):
        if name.upper().startswith(PREFIX) and name.upper() not in {*known, *NO_SETTINGS}:
            yield name, _nearest(name.upper(), known)
    for name in _names_in(file):
        if PREFIX + name.upper().replace(".", "_") not in known:
            yield f"{name} in {file.name}", _nearest(name.lower(), [_in_file(each) for each in known])


def setting_names() -> Iterator[str]:
    """Return the environment variable of every setting."""
    for name in Settings.model_fields:
        nested = S3Settings.model_fields if name == "s3" else ()
        yield from (f"{PREFIX}{name}_{inner}".upper() for inner in nested)
        if not nested:
            yield f"{PREFIX}{name}".upper()


def _names_in(file: Path) -> Iterator[str]:
    if not file.is_file():
        return
    with file.open("rb") as opened:
        values = tomllib.load(opened)
    for name, value in values.items():
        if isinstance(value, dict) and name == "s3":
            yield from (f"s3.{inner}" for inner in cast("dict[str, Any]", value))
        else:
            yield name


def _in_file(variable: str) -> str:
    name = variable.removeprefix(PREFIX).lower()
    return name.replace("s3_", "s3.", 1) if name.startswith("s3_") else name


def _nearest(name: str, known: list[str]) -> str:
    return next(iter(difflib.get_close_matches(name, known, n=1)), "")
