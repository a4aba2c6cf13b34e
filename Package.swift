// swift-tools-version: 6.2
import PackageDescription

let style: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// Targets on the numeric path are optimised in debug builds too: a debug forward pass is unusable.
let hot: [SwiftSetting] = style + [.unsafeFlags(["-O"])]

let package = Package(
  name: "zorba",
  products: [
    .library(name: "ZorBA", targets: ["ZorBA"]),
    .executable(name: "zorba", targets: ["zorba"]),
    .executable(name: "zorba-server", targets: ["zorba-server"]),
    .executable(name: "zorba-site", targets: ["zorba-site"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    // The network stack: only targets from ZorBAWire upwards compile any of it.
    .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
    .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
    .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // Arithmetic.
    .target(name: "CZorBAKernels", cSettings: [.unsafeFlags(["-O3", "-Wall", "-Wextra"])]),
    .target(name: "ZorBADiagnostics", swiftSettings: style),
    .target(name: "ZorBAJSON", dependencies: ["ZorBADiagnostics"], swiftSettings: hot),
    .target(
      name: "ZorBATensor", dependencies: ["CZorBAKernels", "ZorBADiagnostics"],
      swiftSettings: hot),

    // Files in, values out.
    .target(
      name: "ZorBACheckpoint", dependencies: ["ZorBATensor", "ZorBAJSON", "ZorBADiagnostics"],
      swiftSettings: hot),
    .target(
      name: "ZorBATokenizers", dependencies: ["ZorBAJSON", "ZorBADiagnostics"],
      swiftSettings: hot),
    .target(
      name: "ZorBAData", dependencies: ["ZorBAJSON", "ZorBADiagnostics"],
      swiftSettings: hot),
    .target(
      name: "ZorBAJournal",
      dependencies: [
        "ZorBAOptimization", "ZorBATensor", "ZorBADiagnostics", "ZorBAJSON",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: hot),

    // The method.
    .target(
      name: "ZorBAModels",
      dependencies: ["CZorBAKernels", "ZorBATensor", "ZorBAJSON", "ZorBADiagnostics"],
      swiftSettings: hot),
    .target(
      name: "ZorBAOptimization",
      dependencies: [
        "CZorBAKernels", "ZorBATensor", "ZorBADiagnostics",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: hot),
    .target(
      name: "ZorBAFederation", dependencies: ["ZorBADiagnostics"], swiftSettings: hot),
    .target(
      name: "ZorBAPlanning", dependencies: ["ZorBAFederation", "ZorBAJSON", "ZorBADiagnostics"],
      swiftSettings: hot),

    // What protects rows.
    .target(
      name: "ZorBASecureAggregation",
      dependencies: ["ZorBADiagnostics", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: hot),
    .target(
      name: "ZorBAPrivacy",
      dependencies: [
        "ZorBADiagnostics", "ZorBAJSON", .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: hot),

    // The public face.
    .target(
      name: "ZorBA",
      dependencies: [
        "ZorBAModels", "ZorBAOptimization", "ZorBATokenizers", "ZorBAData", "ZorBAJournal",
        "ZorBAFederation", "ZorBAPlanning", "ZorBACheckpoint", "ZorBAPrivacy",
        "ZorBASecureAggregation", "ZorBATensor", "ZorBAJSON", "ZorBADiagnostics",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: style),
    .target(
      name: "ZorBAConfiguration",
      dependencies: [
        "ZorBA", "ZorBAJournal", "ZorBAOptimization", "ZorBAJSON", "ZorBATensor",
        "ZorBADiagnostics",
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: style),
    .target(
      name: "ZorBAReport", dependencies: ["ZorBADiagnostics", "ZorBAJSON"], swiftSettings: style),
    .target(
      name: "ZorBABench",
      dependencies: [
        "ZorBA", "ZorBAModels", "ZorBAOptimization", "ZorBACheckpoint", "ZorBAData", "ZorBATensor",
        "CZorBAKernels", "ZorBAJSON", "ZorBADiagnostics",
      ],
      swiftSettings: hot),
    .target(
      name: "ZorBABenchmarks",
      dependencies: [
        "ZorBA", "ZorBAConfiguration", "ZorBAReport", "ZorBAJSON", "ZorBADiagnostics",
      ],
      swiftSettings: style),
    .executableTarget(
      name: "zorba",
      dependencies: [
        "ZorBA", "ZorBABench", "ZorBABenchmarks", "ZorBAConfiguration", "ZorBAPlanning",
        "ZorBAFederation", "ZorBAReport", "ZorBAOptimization", "ZorBATokenizers", "ZorBATensor",
        "ZorBAJSON", "ZorBAPrivacy",
        "ZorBAAuditCommands", "ZorBADiagnostics", "ZorBAConsole", "ZorBAPresentation",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      resources: [.copy("Resources")], swiftSettings: style),

    // Records that an audit can rest on.
    .target(
      name: "ZorBAAudit",
      dependencies: [
        "ZorBAJSON", "ZorBADiagnostics", .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: style),
    .target(
      name: "ZorBAAuditIdentity",
      dependencies: [
        "ZorBAAudit", "ZorBAIdentity", "ZorBADiagnostics",
        .product(name: "X509", package: "swift-certificates"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
      ],
      swiftSettings: style),
    .target(
      name: "ZorBAEvidence",
      dependencies: [
        "ZorBAAudit", "ZorBAAuditIdentity", "ZorBAIdentity", "ZorBAJournal", "ZorBAOptimization",
        "ZorBAJSON", "ZorBADiagnostics", .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: style),
    .target(
      name: "ZorBAAuditCommands",
      dependencies: [
        "ZorBAAudit", "ZorBAAuditIdentity", "ZorBAEvidence", "ZorBAIdentity", "ZorBAJournal",
        "ZorBAConsole", "ZorBAJSON", "ZorBADiagnostics",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: style),

    // The federation over a network.
    .target(
      name: "ZorBAIdentity",
      dependencies: [
        "ZorBADiagnostics", "ZorBAJSON",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "X509", package: "swift-certificates"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
      ],
      swiftSettings: style),
    .target(
      name: "ZorBAIdentityCommands",
      dependencies: [
        "ZorBAAudit", "ZorBAAuditIdentity", "ZorBAIdentity", "ZorBAConsole", "ZorBAJSON",
        "ZorBADiagnostics",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: style),
    .target(
      name: "ZorBAStore",
      dependencies: [
        "ZorBADiagnostics", "ZorBAJSON", .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: style),
    .target(
      name: "ZorBAWire",
      dependencies: [
        "ZorBADiagnostics", "ZorBAIdentity",
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: style),
    .target(
      name: "ZorBAPresentation",
      dependencies: [
        "ZorBA", "ZorBAOptimization", "ZorBAPlanning", "ZorBATensor", "ZorBAReport",
        "ZorBAConsole",
      ],
      swiftSettings: style),
    .target(
      name: "ZorBALogging",
      dependencies: [
        "ZorBAJSON", "ZorBADiagnostics", .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: style),
    .target(
      name: "ZorBACoordinator",
      dependencies: [
        "ZorBA", "ZorBAAudit", "ZorBAConfiguration", "ZorBASecureAggregation", "ZorBAWire",
        "ZorBAStore", "ZorBAIdentity", "ZorBAFederation", "ZorBAPlanning", "ZorBAJournal",
        "ZorBAOptimization", "ZorBATensor",
        "ZorBAJSON", "ZorBADiagnostics",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: style),
    .target(
      name: "ZorBASitePolicy",
      dependencies: ["ZorBA", "ZorBAConfiguration", "ZorBAJSON", "ZorBADiagnostics"],
      swiftSettings: style),
    .target(
      name: "ZorBASite",
      dependencies: [
        "ZorBA", "ZorBAAudit", "ZorBAAuditIdentity", "ZorBAConfiguration", "ZorBASecureAggregation",
        "ZorBAPrivacy", "ZorBASitePolicy", "ZorBAWire", "ZorBAIdentity", "ZorBAFederation",
        "ZorBAPlanning",
        "ZorBAJournal", "ZorBAOptimization", "ZorBATensor",
        "ZorBAJSON", "ZorBADiagnostics",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: style),
    .target(
      name: "ZorBAConsole",
      dependencies: [
        "ZorBADiagnostics",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: style),
    .executableTarget(
      name: "zorba-server",
      dependencies: [
        "ZorBACoordinator", "ZorBASite", "ZorBAIdentity", "ZorBAIdentityCommands", "ZorBAWire",
        "ZorBAAudit", "ZorBAAuditIdentity", "ZorBAAuditCommands", "ZorBAStore",
        "ZorBAConfiguration", "ZorBA", "ZorBAReport", "ZorBAPresentation", "ZorBAConsole",
        "ZorBALogging", "ZorBAJSON", "ZorBADiagnostics",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: style),
    .executableTarget(
      name: "zorba-site",
      dependencies: [
        "ZorBASite", "ZorBASitePolicy", "ZorBAIdentity", "ZorBAIdentityCommands", "ZorBAWire",
        "ZorBAAudit", "ZorBAAuditIdentity", "ZorBAAuditCommands", "ZorBAConfiguration", "ZorBA",
        "ZorBAConsole", "ZorBALogging", "ZorBAJSON",
        "ZorBADiagnostics",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: style),

    // Tests mirror the targets.
    .target(
      name: "ZorBATestSupport", path: "Tests/ZorBATestSupport", swiftSettings: hot),
    .testTarget(
      name: "ZorBADiagnosticsTests", dependencies: ["ZorBADiagnostics"], swiftSettings: style),
    .testTarget(
      name: "ZorBAJSONTests", dependencies: ["ZorBAJSON", "ZorBADiagnostics", "ZorBATestSupport"],
      swiftSettings: style),
    .testTarget(
      name: "ZorBATensorTests",
      dependencies: ["ZorBATensor", "CZorBAKernels", "ZorBADiagnostics", "ZorBATestSupport"],
      exclude: ["Goldens"], swiftSettings: hot),
    .testTarget(
      name: "ZorBACheckpointTests",
      dependencies: [
        "ZorBACheckpoint", "ZorBATensor", "ZorBAJSON", "ZorBADiagnostics", "ZorBATestSupport",
      ],
      exclude: ["Goldens"], swiftSettings: style),
    .testTarget(
      name: "ZorBATokenizersTests",
      dependencies: ["ZorBATokenizers", "ZorBAJSON", "ZorBADiagnostics", "ZorBATestSupport"],
      exclude: ["Goldens"], swiftSettings: hot),
    .testTarget(
      name: "ZorBADataTests",
      dependencies: ["ZorBAData", "ZorBAJSON", "ZorBADiagnostics", "ZorBATestSupport"],
      exclude: ["Goldens"], swiftSettings: hot),
    .testTarget(
      name: "ZorBAOptimizationTests",
      dependencies: [
        "ZorBAOptimization", "ZorBAFederation", "CZorBAKernels", "ZorBATensor", "ZorBAJSON",
        "ZorBADiagnostics",
        "ZorBATestSupport",
      ],
      exclude: ["Goldens"], swiftSettings: hot),
    .testTarget(
      name: "ZorBAJournalTests",
      dependencies: [
        "ZorBAJournal", "ZorBAOptimization", "ZorBATensor", "ZorBAJSON", "ZorBADiagnostics",
        "ZorBATestSupport",
      ],
      exclude: ["Goldens"], swiftSettings: hot),
    .testTarget(
      name: "ZorBAModelsTests",
      dependencies: [
        "ZorBAModels", "ZorBACheckpoint", "ZorBATensor", "ZorBAJSON", "ZorBADiagnostics",
        "CZorBAKernels", "ZorBATestSupport",
      ],
      exclude: ["Goldens"], swiftSettings: hot),
    .testTarget(
      name: "ZorBAReportTests", dependencies: ["ZorBAReport", "ZorBATestSupport"],
      swiftSettings: style),
    .testTarget(
      name: "ZorBATests",
      dependencies: [
        "ZorBA", "ZorBAConfiguration", "ZorBAFederation", "ZorBAPlanning", "ZorBAModels",
        "ZorBAOptimization", "ZorBAJournal", "ZorBACheckpoint", "ZorBAData", "ZorBAPrivacy",
        "ZorBASecureAggregation", "ZorBATensor", "ZorBAJSON",
        "ZorBADiagnostics", "ZorBATestSupport", "CZorBAKernels",
      ],
      exclude: ["Goldens"], swiftSettings: hot),
    .testTarget(
      name: "ZorBABenchTests",
      dependencies: [
        "ZorBABench", "ZorBA", "ZorBAModels", "ZorBAOptimization", "ZorBACheckpoint", "ZorBATensor",
        "CZorBAKernels", "ZorBAJSON", "ZorBADiagnostics", "ZorBATestSupport",
      ],
      swiftSettings: hot),
    .testTarget(
      name: "ZorBABenchmarksTests",
      dependencies: [
        "ZorBABenchmarks", "ZorBA", "ZorBAConfiguration", "ZorBAReport", "ZorBAJSON",
        "ZorBADiagnostics", "ZorBATestSupport",
      ],
      swiftSettings: style),
    .testTarget(
      name: "ZorBAFederationTests",
      dependencies: ["ZorBAFederation", "ZorBADiagnostics", "ZorBATestSupport"],
      swiftSettings: hot),
    .testTarget(
      name: "ZorBAPlanningTests",
      dependencies: [
        "ZorBAPlanning", "ZorBAFederation", "ZorBAJSON", "ZorBADiagnostics", "ZorBATestSupport",
      ],
      exclude: ["Goldens"], swiftSettings: hot),
    .testTarget(
      name: "ZorBASecureAggregationTests",
      dependencies: [
        "ZorBASecureAggregation", "ZorBADiagnostics", "ZorBATestSupport",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      exclude: ["Goldens"], swiftSettings: hot),
    .testTarget(
      name: "ZorBAPrivacyTests",
      dependencies: ["ZorBAPrivacy", "ZorBAJSON", "ZorBADiagnostics", "ZorBATestSupport"],
      exclude: ["Goldens"], swiftSettings: hot),
    .testTarget(
      name: "ZorBAAuditTests",
      dependencies: [
        "ZorBAAudit", "ZorBAJSON", "ZorBADiagnostics", "ZorBATestSupport",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      exclude: ["Goldens"], swiftSettings: hot),
    .testTarget(
      name: "ZorBAIdentityTests",
      dependencies: [
        "ZorBAIdentity", "ZorBAIdentityCommands", "ZorBADiagnostics", "ZorBAJSON",
        "ZorBATestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "X509", package: "swift-certificates"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
      ],
      swiftSettings: style),
    .testTarget(
      name: "ZorBAStoreTests",
      dependencies: [
        "ZorBAStore", "ZorBADiagnostics", "ZorBAJSON", "ZorBATestSupport",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      exclude: ["Fixtures"], swiftSettings: style),
    .testTarget(
      name: "ZorBAWireTests",
      dependencies: [
        "ZorBAWire", "ZorBADiagnostics", "ZorBATestSupport",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "X509", package: "swift-certificates"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: style),
    .testTarget(
      name: "ZorBASitePolicyTests",
      dependencies: [
        "ZorBASitePolicy", "ZorBA", "ZorBAConfiguration", "ZorBAJSON", "ZorBADiagnostics",
        "ZorBATestSupport",
      ],
      swiftSettings: style),
    .testTarget(
      name: "ZorBACoordinatorTests",
      dependencies: [
        "ZorBACoordinator", "ZorBASite", "ZorBASitePolicy", "ZorBAWire", "ZorBAStore",
        "ZorBASecureAggregation", "ZorBAAudit", "ZorBAAuditIdentity", "ZorBAEvidence",
        "ZorBAIdentity", "ZorBA", "ZorBAConfiguration", "ZorBAData", "ZorBAFederation",
        "ZorBAJournal",
        "ZorBAOptimization", "ZorBACheckpoint", "ZorBAModels", "ZorBATensor", "ZorBAJSON",
        "ZorBADiagnostics", "ZorBATestSupport",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: style),
    .testTarget(
      name: "ZorBAConfigurationTests",
      dependencies: [
        "ZorBAConfiguration", "ZorBA", "ZorBAOptimization", "ZorBATensor", "ZorBAJSON",
        "ZorBADiagnostics", "ZorBATestSupport",
      ],
      swiftSettings: style),
  ]
)
