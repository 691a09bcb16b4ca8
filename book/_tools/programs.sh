#!/bin/sh
# Name the programs beside Python that `make test` needs and this machine lacks.
# Debian keeps PostgreSQL's off the path; POSTGRESQL names another folder to look in.

missing() {
    echo "make: no $1 found: install $2 (Debian: apt-get install $3) and run make test again." >&2
    lacking=1
}

either() {
    for name in "$@"; do
        command -v "$name" >/dev/null && return
    done
    false
}

lacking=
either chromium chromium-browser google-chrome || missing browser Chromium chromium
either bwrap || missing sandbox bubblewrap bubblewrap
either initdb "${POSTGRESQL:-/usr/lib/postgresql}"/*/bin/initdb || missing database PostgreSQL postgresql
test -z "$lacking"
