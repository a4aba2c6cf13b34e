#!/usr/bin/env bash
# Generates the Swift code of Protos/ into Sources/ZorBAWire/Generated: Tools/generate-protos.sh [FOLDER]
# Needs protoc (Debian: protobuf-compiler); builds its plugins from the packages that the code runs with.
set -euo pipefail
cd "$(dirname "$0")/.."

# The oldest versions that Package.swift accepts: code of a newer plugin may not fit an older runtime.
swift_protobuf=1.39.0
grpc_swift_protobuf=2.4.1

command -v protoc > /dev/null || {
  echo "generate-protos: protoc is missing; on Debian: apt-get install protobuf-compiler" >&2
  exit 2
}
output=${1:-Sources/ZorBAWire/Generated}
side=.build/protoc-plugins
mkdir -p "$side/Sources/Plugins" "$output"
cat > "$side/Package.swift" << EOF
// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "plugins",
  dependencies: [
    .package(url: "https://github.com/apple/swift-protobuf", exact: "$swift_protobuf", traits: []),
    .package(url: "https://github.com/grpc/grpc-swift-protobuf", exact: "$grpc_swift_protobuf"),
  ],
  targets: [
    .target(
      name: "Plugins",
      dependencies: [
        .product(name: "protoc-gen-swift", package: "swift-protobuf"),
        .product(name: "protoc-gen-grpc-swift-2", package: "grpc-swift-protobuf"),
      ])
  ]
)
EOF
echo "// Exists so that the plugins are built." > "$side/Sources/Plugins/Plugins.swift"
for plugin in protoc-gen-swift protoc-gen-grpc-swift-2; do
  swift build --package-path "$side" --product "$plugin" >&2
done
binaries=$(swift build --package-path "$side" --show-bin-path)

# Code of messages that are gone must go too.
rm -f "$output"/*.pb.swift "$output"/*.grpc.swift
protoc --proto_path=Protos Protos/zorba/v1/*.proto \
  --plugin=protoc-gen-swift="$binaries/protoc-gen-swift" \
  --swift_out="$output" \
  --swift_opt=Visibility=Package,UseAccessLevelOnImports=true,FileNaming=DropPath \
  --plugin=protoc-gen-grpc-swift-2="$binaries/protoc-gen-grpc-swift-2" \
  --grpc-swift-2_out="$output" \
  --grpc-swift-2_opt=Visibility=Package,UseAccessLevelOnImports=true,FileNaming=DropPath
