#!/bin/sh
# The README's own registration and what follows from it, with curl and nothing else.
#
#   USHER_URL=http://127.0.0.1:8000 sh readme.sh
set -u
URL=${USHER_URL:-http://127.0.0.1:8000}
README=$(dirname "$0")/../../../README.md
JSON='Content-Type: application/json'
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
passed=0 failed=0

# is NAME EXPECTED FOUND
is() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1)); echo "ok $1"
    else
        failed=$((failed + 1)); echo "not ok $1: expected '$2', found '$3'"
    fi
}

# text FIELD: the first text of that name in the JSON on standard input
text() { grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }

# status ARGUMENTS OF CURL
status() { curl -s -o "$FOLDER/body" -w '%{http_code}' "$@"; }

code() {
    for _ in $(seq 200); do
        found=$(curl -s "$URL/mailbox/email" | grep -o 'Your verification code: [0-9]*' | tail -n 1 | grep -o '[0-9]*$')
        [ -n "$found" ] && break
        sleep 0.05
    done
    echo "$found"
}

curl -s -X DELETE "$URL/mailbox/email/all" > "$FOLDER/emptied"
is 'm21_the_mailbox_can_be_emptied' true "$(cat "$FOLDER/emptied")"

# The block with curl in it, as it stands, but for the address of the server.
awk '/^ *```sh/ { block = ""; inside = 1; next } /^ *```/ { if (inside && block ~ /curl/) printf "%s", block; inside = 0 }
     inside { block = block $0 "\n" }' "$README" | sed "s#http://127.0.0.1:8000#$URL#" > "$FOLDER/registration.sh"
sh "$FOLDER/registration.sh" > "$FOLDER/registered" 2> "$FOLDER/progress"
is 'm01_the_command_of_the_readme_registers' 'Registration successful. Verification email sent.' "$(text message < "$FOLDER/registered")"

me=$(text email < "$FOLDER/registered")
password=$(grep -o '"password":"[^"]*"' "$FOLDER/registration.sh" | cut -d '"' -f 4)
is 'm04_the_code_verifies' 200 \
    "$(status -H "$JSON" -d "{\"email\":\"$me\",\"verification_code\":\"$(code)\"}" "$URL/auth/verify")"

is 'm10_the_password_signs_in' 200 "$(status -H "$JSON" -d "{\"email\":\"$me\",\"password\":\"$password\"}" "$URL/auth/login")"
token=$(text access_token < "$FOLDER/body") refresh=$(text refresh_token < "$FOLDER/body")
is 'm10_so_does_the_form_of_oauth_2' 200 \
    "$(status -d grant_type=password --data-urlencode "username=$me" --data-urlencode "password=$password" "$URL/auth/access-token")"

is 'm08_the_profile_is_verified' 200 "$(status -H "Authorization: Bearer $token" "$URL/auth/me")"
is 'm08_it_says_so' '"is_verified":true' "$(grep -o '"is_verified":true' "$FOLDER/body")"
is 'm25_a_refresh_brings_new_tokens' 200 "$(status -d "{\"refresh_token\":\"$refresh\"}" -H "$JSON" "$URL/auth/refresh")"
is 'm15_all_sessions_end' 200 "$(status -X POST -H "Authorization: Bearer $token" "$URL/sessions/terminate-all")"
is 'm15_and_are_refused' 401 "$(status -H "Authorization: Bearer $token" "$URL/auth/me")"

is 'm11_a_cookie_jar_signs_in' 200 \
    "$(status -c "$FOLDER/jar" -H "$JSON" -d "{\"email\":\"$me\",\"password\":\"$password\"}" "$URL/login")"
is 'm11_and_is_known' 200 "$(status -b "$FOLDER/jar" "$URL/auth/me")"
is 'm11_and_signs_out' 200 "$(status -b "$FOLDER/jar" -c "$FOLDER/jar" -H "Origin: $URL" -X POST "$URL/auth/logout")"
is 'm11_and_is_forgotten' 401 "$(status -b "$FOLDER/jar" "$URL/auth/me")"

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
