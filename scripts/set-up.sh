# The set-up that scripts/server and scripts/test share. To be sourced from the project's root.

# Brings the pinned Node, then does the named steps of set-up.mjs: install, build.
# Two commands started at once on one checkout take turns. What is said goes to stderr.
set_up() {
  local status=0
  exec 9<scripts/set-up.sh
  if command -v flock >/dev/null && ! flock --nonblock 9; then
    echo "image-gateway: waiting for another set-up of this checkout" >&2
    flock 9
  fi
  . scripts/use-node.sh && node scripts/set-up.mjs "$@" || status=1
  # Whatever is started later would inherit the lock and hold it for as long as it runs.
  exec 9<&-
  return "$status"
}
