#!/usr/bin/env bash
# Writes the data of a release, with people in the middle of everything, for the promise that a newer
# program finishes what an older one began:
#
#   make.sh PROGRAM NAME POSTGRES_URL
#
# PROGRAM is the `usher` of that release, NAME the folder to make beside this script (`0001`, after the last
# migration it knows), POSTGRES_URL an empty database. Needs bash, curl, python3 and pg_dump.
set -euo pipefail
program=$1 folder=$(dirname "$0")/$2 postgres=$3
export SECRET_KEY=5c6ffbdd40d9556b73a21e63c3e0e904b47a2c6d7f1b8890f2a3d4e5b6c7d8e9
export USHER_SERVER__PUBLIC_URL=http://127.0.0.1:8000
base=http://127.0.0.1:18391
work=$(mktemp -d)
trap 'kill -9 "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir -p "$folder"

start() {
    (cd "$work" && exec "$program" serve --listen 127.0.0.1:18391 --data-dir "$work/data") >"$work/log" 2>&1 &
    server=$!
    for _ in $(seq 200); do curl -fs $base/health >/dev/null && return; sleep 0.1; done
    cat "$work/log"; return 1
}
json() { python3 -c 'import json,sys; d=json.load(sys.stdin)
for k in sys.argv[1].split("."): d=d[k]
print(d)' "$1"; }
post() { curl -fsS -X POST -H 'Content-Type: application/json' -d "$2" "$base$1"; }
# The last mail to an address, once there are so many: a line of its text that matches.
mail() {
    for _ in $(seq 200); do
        python3 - "$base" "$1" "$2" "$3" <<'PY' && return
import json, re, sys, urllib.request
base, address, count, pattern = sys.argv[1:]
mails = json.load(urllib.request.urlopen(base + "/mailbox/email"))
to = [m for m in mails if any(t["address"] == address for t in m["to"])]
to = [m for m in to if re.search(pattern, m["subject"] + "\n" + m["text"])]
if len(to) < int(count): sys.exit(1)
to.sort(key=lambda m: m["time"])
print(re.search(pattern, to[-1]["subject"] + "\n" + to[-1]["text"]).group(1))
PY
        sleep 0.1
    done
    return 1
}

one() {
    rm -rf "$work/data"
    start
    registered=$(post /auth/register '{"email":"ann@example.org","password":"Password123","username":"Ann"}')
    ann=$(json id <<<"$registered")
    code=$(mail ann@example.org 1 'code: (\d{4})')
    post /auth/verify "{\"email\":\"ann@example.org\",\"verification_code\":\"$code\"}" >/dev/null
    login=$(post /auth/login '{"email":"ann@example.org","password":"Password123"}')
    token=$(json access_token <<<"$login") refresh=$(json refresh_token <<<"$login")
    bob=$(post /auth/register '{"email":"bob@example.org","password":"Password123"}')
    bob_code=$(mail bob@example.org 1 'code: (\d{4})')
    dan=$(post /auth/register '{"email":"dan@example.org","password":"Password123"}')
    dan_link=$(mail dan@example.org 1 '(/auth/verify/\S+)') dan_code=$(mail dan@example.org 1 'code: (\d{4})')
    curl -fsS -X PUT -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
        -d '{"email":"ann@example.com","current_password":"Password123"}' "$base/profile/$ann" >/dev/null
    ann_code=$(mail ann@example.com 1 'code: (\d{4})')
    now=$(date +%s%6N)
    kill -TERM $server; wait $server || true
    # The mail server is away: what is asked for now waits.
    export USHER_MAIL__TRANSPORT=smtp USHER_MAIL__SMTP__URL='smtp://127.0.0.1:9?tls=none'
    start
    post /auth/register '{"email":"cat@example.org","password":"Password123"}' >/dev/null
    kill -9 $server; wait $server || true
    unset USHER_MAIL__TRANSPORT USHER_MAIL__SMTP__URL
    python3 - >"$folder/$1.json" <<PY
import json
print(json.dumps({"now": $now, "ann": "$ann", "token": "$token", "refresh": "$refresh", "ann_code": "$ann_code",
  "bob_code": "$bob_code", "bob_handle": "$(json registration.handle <<<"$bob")",
  "dan_link": "$dan_link", "dan_code": "$dan_code", "dan_handle": "$(json registration.handle <<<"$dan")",
  "signing_keys": open("$work/data/signing-keys.json").read()}, indent=1))
PY
}

one sqlite
python3 - "$work/data/usher.db" >"$folder/sqlite.sql" <<'PY'
import sqlite3, sys
for line in sqlite3.connect(sys.argv[1]).iterdump():
    if line not in ("BEGIN TRANSACTION;", "COMMIT;"):
        print(line)
PY
export DATABASE_URL=$postgres
one postgres
pg_dump --inserts --no-owner --no-comments --dbname "$postgres" | grep -v -e '^SET ' -e '^SELECT ' -e '^--' -e '^\\' -e '^$' | sed 's,public\.,,g' \
    >"$folder/postgres.sql"
