#!/usr/bin/env bash
# A real WordPress 7.1 (PHP's own server, SQLite) on loopback: wordpress.sh start | stop
# Needs WP_PORT and SVC_HOME; WP_PLUGINS names folders of plugins to install and switch on, separated by colons.
# WP_RELEASE=oldest takes the oldest that can be had: Debian's 6.1 (10 MB) where its release has that one, else 6.2, the
# oldest that npm has whole (158 MB once, out of wordpress-builds).
# WP_PATH puts the site into a folder such as /blog; WP_NETWORK=1 makes it a network with a second site, /second.
# The npm archive of wp-studio holds WordPress, wp-cli and the SQLite driver: it is unpacked, nothing of it is installed.
. "$(dirname "$(readlink -f "$0")")/lib.sh"
PORT="${WP_PORT:?set WP_PORT}"
export WP_PATH="${WP_PATH:-}" WP_NETWORK="${WP_NETWORK:-}"
URL="http://127.0.0.1:$PORT$WP_PATH"
VERSION=1.22.0
PARTS="$SVC_CACHE/wordpress-$VERSION"
CORE="$PARTS/latest/wordpress"
ROOT="$SVC_HOME/site"
SITE="$ROOT$WP_PATH"
FORMS="$(dirname "$(readlink -f "$0")")/wordpress_site"
PIDFILE="$SVC_HOME/wordpress.pid"
WORD="127.0.0.1:$PORT"
PHP=(php -d memory_limit=512M -d display_errors=0 -d log_errors=1 -d max_execution_time=120
  -d upload_max_filesize=256M -d post_max_size=260M -d opcache.enable_cli=1)

wp() { "${PHP[@]}" "$PARTS/wp-cli/wp-cli.phar" --path="$SITE" --url="$URL" --allow-root "$@" >>"$SVC_HOME/setup.log" 2>&1; }

# PHP with the parts that WordPress needs; asked of PHP itself, so that any packaging will do.
need_php() {
  local part lacking=0
  command -v php >/dev/null 2>&1 || lacking=1
  for part in pdo_sqlite xml mbstring curl gd; do
    [ "$lacking" = 1 ] || php -m 2>/dev/null | grep -qix "$part" || lacking=1
  done
  [ "$lacking" = 0 ] || debian_packages php-cli php-sqlite3 php-xml php-mbstring php-curl php-gd
  debian curl curl
}

unpack() {
  local archive
  [ -e "$PARTS/.whole" ] && return 0
  archive="$(npm_archive wp-studio "$VERSION")" || exit 1
  exec 9>"$PARTS.lock"; flock -w 300 9 || fail "another run is still unpacking WordPress"
  if [ ! -e "$PARTS/.whole" ]; then
    rm -rf "$PARTS"; mkdir -p "$PARTS"
    tar xzf "$archive" -C "$PARTS" --strip-components=4 package/dist/cli/wp-files/latest/wordpress \
      package/dist/cli/wp-files/wp-cli package/dist/cli/wp-files/sqlite-database-integration \
      || fail "the archive of wp-studio $VERSION cannot be unpacked"
    touch "$PARTS/.whole"
  fi
  exec 9>&-
}

# A network of sites in folders; it must stand before passwords are made, or none of them counts.
network() {
  wp core multisite-convert --title="Real network" --base="$WP_PATH/" || fail "no network: $(tail -n 1 "$SVC_HOME/setup.log")"
  sed -e "s|@HOST@|$WORD|g" -e "s|@BASE@|$WP_PATH/|g" "$FORMS/network.php" >"$SVC_HOME/network.php"
  sed -i "/^defined( 'ABSPATH' )/i require '$SVC_HOME/network.php';" "$SITE/wp-config.php"
  wp site create --slug=second --title="Second site" || fail "no second site: $(tail -n 1 "$SVC_HOME/setup.log")"
  URL="$URL/second" wp rewrite structure '/%postname%/' || fail "no addresses: $(tail -n 1 "$SVC_HOME/setup.log")"
}

# An older WordPress in the place of the newest one.
older() {
  local folder="$SVC_CACHE/wordpress-oldest"
  CORE="$folder/wordpress"
  [ -e "$folder/.whole" ] && return 0
  exec 9>"$folder.lock"; flock -w 300 9 || fail "another run is still unpacking an older WordPress"
  if [ ! -e "$folder/.whole" ]; then
    rm -rf "$folder"; mkdir -p "$CORE"
    from_debian "$folder" || from_npm "$folder"
    rm -rf "$CORE"/wp-content/{database,mu-plugins,plugins,db.php}
    mkdir -p "$CORE/wp-content/plugins"
    touch "$folder/.whole"
  fi
  exec 9>&-
}

# Debian's packages, unpacked and not installed: WordPress, a theme, and the library that it leaves to a package.
from_debian() {
  local parts="$1/debian" part
  command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || return 1
  mkdir -p "$parts"
  from_apt "$parts" || { timeout 120 apt-get update -q >>"$SVC_HOME/apt.log" 2>&1; from_apt "$parts"; } || return 1
  for part in "$parts"/*.deb; do dpkg-deb -x "$part" "$parts/whole" || return 1; done
  find "$parts/whole" -xtype l -delete
  cp -rL "$parts/whole/usr/share/wordpress/." "$CORE" && rm -rf "$parts"
}
from_apt() {
  (cd "$1" && timeout 120 apt-get download -q 'wordpress=6.1*' 'wordpress-theme-twentytwentythree=6.1*' php-getid3 \
    >>"$SVC_HOME/apt.log" 2>&1)
}

# Scripts and styles are left out of these archives, PHP is not.
from_npm() {
  local archive
  archive="$(npm_archive @wp-playground/wordpress-builds 0.9.4)" || exit 1
  tar xzf "$archive" -C "$1" --strip-components=3 package/src/wordpress/wp-6.2.zip \
    && "${PYTHON:-python3}" -m zipfile -e "$1/wp-6.2.zip" "$CORE" \
    || fail "the archive of WordPress 6.2 cannot be unpacked"
}

build() {
  local content="$SITE/wp-content" driver plugin name
  mkdir -p "$SITE" "$SVC_HOME/db"
  cp -r "$CORE/." "$SITE/" && chmod -R u+w "$SITE"
  mkdir -p "$content/mu-plugins" "$content/uploads"
  driver="$content/plugins/sqlite-database-integration"
  cp -r "$PARTS/sqlite-database-integration" "$driver"
  # WordPress 6.1 looks at a property that the driver keeps for later ones.
  [ -z "${WP_RELEASE:-}" ] || sed -i 's/private \$allow_unsafe_unquoted/public $allow_unsafe_unquoted/' \
    "$driver/wp-includes/sqlite/class-wp-sqlite-db.php"
  sed -e "s|{SQLITE_IMPLEMENTATION_FOLDER_PATH}|$driver|" -e "s|{SQLITE_PLUGIN}|sqlite-database-integration/load.php|" \
    "$driver/db.copy" >"$content/db.php"
  cp "$FORMS/quiet.php" "$FORMS/stock.php" "$content/mu-plugins/"
  sed -e "s|@URL@|$URL|g" -e "s|@HOME@|$SVC_HOME|g" -e "s|@KEY@|$(secret 32)|g" "$FORMS/config.php" >"$SITE/wp-config.php"
  wp core install --title="Real site" --admin_user=admin --admin_password="$(secret 12)" \
    --admin_email=admin@example.test --skip-email || fail "WordPress cannot be installed: $(tail -n 1 "$SVC_HOME/setup.log")"
  [ -z "$WP_NETWORK" ] || network
  local IFS=:
  for plugin in ${WP_PLUGINS:-}; do
    name="$(basename "$plugin")"
    cp -r "$plugin" "$content/plugins/$name"
    wp plugin activate "$name" || fail "the plugin $name cannot be switched on: $(tail -n 1 "$SVC_HOME/setup.log")"
  done
  OUT="$SVC_HOME/accounts" wp eval-file "$FORMS/accounts.php" || fail "no accounts: $(tail -n 1 "$SVC_HOME/setup.log")"
}

case "${1:-}" in
  start)
    need_php
    unpack
    [ -z "${WP_RELEASE:-}" ] || older
    taken "$PORT" && fail "port $PORT is taken"
    build
    PHP_CLI_SERVER_WORKERS=4 launch "$PIDFILE" "$SVC_HOME/php.log" "${PHP[@]}" -S "$WORD" -t "$ROOT" "$FORMS/router.php"
    until_ready 30 curl -fs -m 10 -o "$SVC_HOME/index.json" "$URL/wp-json/" \
      || { halt "$PIDFILE" "$WORD" 2; fail "WordPress does not answer: $(tail -n 1 "$SVC_HOME/php.log")"; }
    printf 'URL=%s\nLOG=%s\nHOME_FOLDER=%s\n' "$URL" "$SVC_HOME/debug.log" "$SVC_HOME"; cat "$SVC_HOME/accounts" ;;
  stop) halt "$PIDFILE" "$WORD" 2 ;;
  *) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
