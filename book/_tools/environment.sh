#!/bin/sh
# Make a virtual environment, or do nothing when the one there still fits.
#
#   environment.sh FOLDER REQUIREMENTS [PYTHON-NAME ...]
#
# The interpreter is $PYTHON if set; otherwise the first of the given names, then of python3.13 …
# python3.10, python3, that runs and is new enough. Requirements that carry hashes are checked
# against them, and softlib is then installed from this folder, editable. FOLDER/stamp remembers
# what the environment was made from.
set -eu

folder=$1
requirements=$2
shift 2

fail() {
    echo "make: $1" >&2
    exit 1
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" && command -v "$PYTHON" && return
        fail "PYTHON=$PYTHON is not a Python 3.10 or newer: name another one."
    fi
    too_old=
    for name in "$@" python3.13 python3.12 python3.11 python3.10 python3 python; do
        new_enough "$name" && command -v "$name" && return
        too_old=$too_old$("$name" --version 2>/dev/null || true)
    done
    fail "Python 3.10 or newer is needed, and ${too_old:-no Python} was found: install one (Debian: apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python3."
}

# pyenv keeps versions that its shims refuse to start; look there too for the version asked for.
find_in_pyenv() {
    for file in "${PYENV_ROOT:-${HOME:-}/.pyenv}/versions/${1#python}".*/bin/python; do
        if [ -x "$file" ]; then echo "$file"; fi
    done
}

digest() {
    {
        pwd
        "$python" -c 'import sys; print(sys.version, sys.prefix)'
        cat "$requirements"
    } | cksum
}

install() {
    if ! "$folder/bin/python" -m pip install --quiet --retries 1 --disable-pip-version-check \
        "$@" >>"$log" 2>&1; then
        if grep -qiE 'connection (error|broken|refused)|NewConnection|NameResolution|timed? ?out|unreachable' "$log"; then
            fail "cannot install $requirements: the package index does not answer; connect to the network and run make again (pip's words: $log)."
        fi
        fail "cannot install $requirements: pip's words are in $log."
    fi
}

if grep -q -e '--hash=' "$requirements"; then pinned=true; else pinned=false; fi
if [ -n "${PYTHON:-}" ] || [ $# -eq 0 ]; then
    python=$(find_python)
else
    # Split by line only: a home folder may hold spaces.
    IFS='
'
    python=$(find_python "$1" $(find_in_pyenv "$1") "$@")
    unset IFS
fi
stamp=$folder/stamp
log=$folder/install.log

if [ -x "$folder/bin/python" ] && [ -f "$stamp" ] && [ "$(digest)" = "$(cat "$stamp")" ]; then
    exit 0
fi

echo "Making $folder with $("$python" --version) (a few minutes the first time) ..."
mkdir -p "$folder"
rm -f "$stamp"
"$python" -m venv --clear "$folder" >/dev/null 2>&1 ||
    fail "$python cannot make virtual environments: install its venv module (Debian: apt-get install python3-venv)."
: >"$log"
if $pinned; then
    install --only-binary :all: --require-hashes -r "$requirements"
    install --no-index --no-deps --no-build-isolation --editable .
else
    install --prefer-binary -r "$requirements"
fi
digest >"$stamp"
