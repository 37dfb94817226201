# shellcheck shell=bash
# lib.sh: what the scripts share. Source it; it sets `root`, stops at the first error, and answers
# --help with the comment at the top of the calling script, so that help and source are one text.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() {
    printf '%s\n' "$*" >&2
}

die() { # die STATUS WORDS...
    local status=$1
    shift
    say "${0##*/}: $*"
    exit "$status"
}

# Prints the calling script's opening comment.
usage() {
    sed -n '2,/^[^#]/{/^#/{s/^# \{0,1\}//;p;};}' "$0"
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# A command line for `$1`, through ccache where there is one.
compiler() {
    if have ccache; then
        printf 'ccache %s' "$1"
    else
        printf '%s' "$1"
    fi
}

# configure FLAVOUR CC OPTION...: build/FLAVOUR set up with exactly these options. Nothing to do when
# they are those of the last time, so that a second run costs milliseconds.
configure() {
    local dir=$root/build/$1 cc=$2 wanted
    shift 2
    wanted="CC=$cc $*"
    if [ -f "$dir/build.ninja" ] && [ "$(cat "$dir/.options" 2>/dev/null)" = "$wanted" ]; then
        return 0
    fi
    rm -rf "$dir"
    mkdir -p "$root/build"
    quietly "meson setup ${dir#"$root"/}" env CC="$(compiler "$cc")" meson setup "$dir" "$root" "$@"
    printf '%s' "$wanted" >"$dir/.options"
}

# quietly WHAT COMMAND...: the output only when the command fails.
quietly() {
    local what=$1 log status=0
    shift
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ "$status" -ne 0 ]; then
        grep -vE '^\[[0-9]+/[0-9]+\] ' "$log" | tail -n 60 >&2 # without ninja's steps
        rm -f "$log"
        die 1 "$what failed (status $status); its output is above"
    fi
    rm -f "$log"
}

# ninja_in FLAVOUR [TARGET...]: builds without talking.
ninja_in() {
    local flavour=$1
    shift
    quietly "the build of build/$flavour" ninja -C "$root/build/$flavour" "$@"
}

# Does a program link statically here, with what it needs?
links_statically() {
    local libs
    libs=$(pkg-config --static --libs sqlite3 inih) || return 1
    # shellcheck disable=SC2086 # a list of words
    echo 'int main(void) { return 0; }' | "$1" -static-pie -fPIE -x c - -o /dev/null -x none $libs 2>/dev/null
}

# build_release [target...]: released programs are static-pie; where the system has no static
# libraries they are dynamic.
# shellcheck disable=SC2120 # targets are for some callers
build_release() {
    local cc=gcc static=true
    have gcc || cc=cc
    if [ -f "$root/build/release/.options" ]; then
        grep -q static_link=true "$root/build/release/.options" || static=false
    else
        say "building build/release (the first time only)"
        if ! links_statically "$cc"; then
            static=false
            say "note: no static libraries here, so it is linked dynamically (more memory, slower start)"
        fi
    fi
    configure release "$cc" --buildtype=release -Dtests=disabled -Dstatic_link=$static
    ninja_in release "$@"
}

# Address space layouts of new kernels are beyond the sanitizers of gcc 12 and clang 14: programs run
# behind "${fixed_layout[@]}" have a fixed one, where that is allowed.
fixed_layout=()
if setarch "$(uname -m)" -R true 2>/dev/null; then
    # shellcheck disable=SC2034 # used by the scripts that source this
    fixed_layout=(setarch "$(uname -m)" -R)
fi

# The python that can import pytest; empty when there is none.
python_with_pytest() {
    local p
    for p in python3 /usr/bin/python3; do
        if have "$p" && "$p" -c 'import pytest' >/dev/null 2>&1; then
            printf '%s' "$p"
            return 0
        fi
    done
}
