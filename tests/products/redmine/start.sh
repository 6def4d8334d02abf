#!/bin/bash
# Starts Redmine on loopback. The first start makes the database (about 30 s), later ones take about 5 s.
#   REDMINE_PORT   default 3001
#   REDMINE_DATA   default target/redmine in this checkout: a copy of the application, database, log, pid
# The administrator's API key is 40 times the letter a; log-in admin, password admin-pw1. All of it is test data.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=${REDMINE_PORT:-3001}
mkdir -p "${REDMINE_DATA:=$here/../../../target/redmine}"
data=$(cd "$REDMINE_DATA" && pwd)
app=$data/app
export X_DEBIAN_SITEID=scim RAILS_ENV=production REDMINE_LANG=en

answers() { curl -sf -o /dev/null -H "X-Redmine-API-Key: $(printf 'a%.0s' {1..40})" "http://127.0.0.1:$port/users.json?limit=1"; }

make_instance() {
  rm -rf "$app" "$data/redmine.db"*
  cp -r /usr/share/redmine "$app"
  rm -f "$app/instances" "$app/Gemfile.lock" "$app/config/database.yml"
  cp -L /var/lib/redmine/Gemfile.lock "$app/"
  local instance=$app/instances/scim
  mkdir -p "$instance"/{config,files,log,tmp/cache,tmp/pids,public/plugin_assets}
  printf 'production:\n  adapter: sqlite3\n  database: %s/redmine.db\n  encoding: utf8\n  timeout: 20000\n' "$data" > "$instance/config/database.yml"
  cp "$instance/config/database.yml" "$app/config/"
  openssl rand -hex 40 > "$instance/config/secret_key.txt"
}

# Three custom fields get the ids 1, 2 and 3: the mapping's employeeNumber is field 1.
fill_database() {
  cd "$app"
  bundle exec rake db:migrate >/dev/null
  bundle exec rake redmine:load_default_data >/dev/null
  bundle exec rails runner '
    Setting.rest_api_enabled = 1
    admin = User.find_by_login("admin")
    admin.password = "admin-pw1"; admin.must_change_passwd = false; admin.save!; admin.api_key
    Token.where(user_id: admin.id, action: "api").update_all(value: "a" * 40)
    UserCustomField.create!(name: "Employee number", field_format: "string", is_filter: true, editable: true)
    UserCustomField.create!(name: "Contractor", field_format: "bool", editable: true)
    UserCustomField.create!(name: "Hired", field_format: "date", editable: true)'
}

if answers; then echo "already up on http://127.0.0.1:$port"; exit 0; fi
[ -e "$data/complete" ] || make_instance
SECRET_KEY_BASE=$(cat "$app/instances/scim/config/secret_key.txt")
export SECRET_KEY_BASE
[ -e "$data/complete" ] || { (fill_database) && touch "$data/complete"; }

cd "$app"
nohup puma -e production -b "tcp://127.0.0.1:$port" -t 1:4 config.ru > "$data/out.log" 2>&1 < /dev/null &
pid=$!
echo "$pid" > "$data/pid"
for second in $(seq 90); do
  answers && { echo "up on http://127.0.0.1:$port after ${second}s"; exit 0; }
  kill -0 "$pid" 2>/dev/null || break
  sleep 1
done
tail "$data/out.log" >&2
exit 1
