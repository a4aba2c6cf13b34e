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
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
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
      name: "ZorBAFederation", dependencies: ["ZorBADiagnostics"], swiftSettings: style),
    .target(
      name: "ZorBAPlanning", dependencies: ["ZorBAFederation", "ZorBAJSON", "ZorBADiagnostics"],
      swiftSettings: hot),

    // The public face.
    .target(
      name: "ZorBA",
      dependencies: [
        "ZorBAModels", "ZorBAOptimization", "ZorBATokenizers", "ZorBAData", "ZorBAJournal",
        "ZorBAFederation", "ZorBAPlanning", "ZorBACheckpoint", "ZorBATensor", "ZorBAJSON",
        "ZorBADiagnostics",
      ],
      swiftSettings: style),
    .target(
      name: "ZorBAConfiguration",
      dependencies: [
        "ZorBA", "ZorBATensor", "ZorBADiagnostics", .product(name: "Yams", package: "Yams"),
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
    .executableTarget(
      name: "zorba",
      dependencies: [
        "ZorBA", "ZorBABench", "ZorBAConfiguration", "ZorBAPlanning", "ZorBAFederation",
        "ZorBAReport", "ZorBAOptimization", "ZorBATokenizers", "ZorBATensor", "ZorBAJSON",
        "ZorBADiagnostics",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      resources: [.copy("Resources")], swiftSettings: style),

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
        "ZorBAOptimization", "CZorBAKernels", "ZorBATensor", "ZorBAJSON", "ZorBADiagnostics",
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
        "ZorBAOptimization", "ZorBAJournal", "ZorBACheckpoint", "ZorBAData", "ZorBATensor",
        "ZorBAJSON",
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
      name: "ZorBAFederationTests",
      dependencies: ["ZorBAFederation", "ZorBADiagnostics", "ZorBATestSupport"],
      swiftSettings: style),
    .testTarget(
      name: "ZorBAPlanningTests",
      dependencies: [
        "ZorBAPlanning", "ZorBAFederation", "ZorBAJSON", "ZorBADiagnostics", "ZorBATestSupport",
      ],
      exclude: ["Goldens"], swiftSettings: hot),
    .testTarget(
      name: "ZorBAConfigurationTests",
      dependencies: [
        "ZorBAConfiguration", "ZorBA", "ZorBATensor", "ZorBADiagnostics", "ZorBATestSupport",
      ],
      swiftSettings: style),
  ]
)
