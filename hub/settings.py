"""Settings of one hub, from the environment (`DAMHUB_...`) and from a file (`damhub.toml` in the data folder)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)


class S3Settings(BaseSettings):
    """Where blobs are kept when they are not kept in a folder (`DAMHUB_S3_...`)."""

    model_config = SettingsConfigDict(env_prefix="DAMHUB_S3_", extra="ignore")
    endpoint_url: str | None = None
    bucket: str = ""
    region: str = "us-east-1"
    access_key: SecretStr = SecretStr("")
    secret_key: SecretStr = SecretStr("")
    prefix: str = ""


class Settings(BaseSettings):
    """Everything that an operator may set. The environment wins over the file."""

    model_config = SettingsConfigDict(env_prefix="DAMHUB_", extra="ignore")

    home: Path = Path("damhub-data")
    """Folder of the embedded database, local blobs, index, keys and logs."""
    database_url: str = ""
    """`postgresql+psycopg://...`; empty: SQLite in the home folder."""
    storage: Literal["folder", "s3"] = "folder"
    s3: S3Settings = Field(default_factory=S3Settings)
    host: str = "127.0.0.1"
    port: int = 8300
    base_url: str = ""
    """How browsers and remotes reach this hub; empty: http://host:port."""
    web_workers: int = 1
    web_threads: int = 8
    secret_key: SecretStr = SecretStr("")
    """Signs links and seals credentials; empty: made on first run and kept in `home/keys`, outside the database."""
    trusted_origins: list[str] = Field(default_factory=list)
    """Origins on private or loopback addresses that the hub may call, such as a WordPress in the same network."""
    rights_default: Literal["allow", "deny"] = "allow"
    """Whether an asset without any licence on record may be used."""
    max_upload_bytes: int = 5 * 1024**3
    media_processes: int = 2
    clock_shift_s: int = 0
    """For rehearsals: runs the whole hub at another time."""
    log_level: str = "INFO"
    secure_cookies: bool = False
    """Set where the hub is reached over https."""

    @property
    def url(self) -> str:
        """Return the address under which the hub is reached, without a trailing slash."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")

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
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file="damhub.toml")
