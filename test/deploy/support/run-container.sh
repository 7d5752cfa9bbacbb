#!/usr/bin/env bash
# Runs a command as PID 1 of a container would run it: root file system read-only but for /tmp (and /data where it is
# named), no capability, no new privilege, its own processes and mounts. The network is the machine's.
#
#     unshare --mount --pid --fork --kill-child run-container.sh ROOT UID GID FOLDER DATA|- COMMAND…
set -euo pipefail
root=$1 uid=$2 gid=$3 folder=$4 data=$5
shift 5
mount --make-rprivate /
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
[ "$data" = - ] || mount -t tmpfs -o "mode=700,uid=$uid,gid=$gid" tmpfs "$root$data"
exec chroot "$root" setpriv --reuid="$uid" --regid="$gid" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
  env --chdir="$folder" "$@"
