// swift-tools-version:6.3
import PackageDescription

// Fuzz targets, apart from the package that people build: they need libFuzzer's `main`.
//   Scripts/fuzz          builds and runs them
let readers = [
  "IDX", "Gzip", "Safetensors", "Npz", "ONNX", "Checkpoint", "Events",
  "Image", "Table", "NumPy", "Shards",
]

let package = Package(
  name: "Fuzzing",
  dependencies: [
    .package(name: "DeepSpikingNetworks", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
  ],
  targets: [
    .target(
      name: "FuzzSupport",
      dependencies: [
        .product(name: "DataFiles", package: "DeepSpikingNetworks"),
        .product(name: "Datasets", package: "DeepSpikingNetworks"),
        .product(name: "EventRecordings", package: "DeepSpikingNetworks"),
        .product(name: "ModelFiles", package: "DeepSpikingNetworks"),
        .product(name: "Networks", package: "DeepSpikingNetworks"),
      ]),
    // The command line's own sources, but for its `main`.
    .executableTarget(
      name: "FuzzCommandLine",
      dependencies: [
        "FuzzSupport",
        .product(name: "Cluster", package: "DeepSpikingNetworks"),
        .product(name: "DataFiles", package: "DeepSpikingNetworks"),
        .product(name: "Datasets", package: "DeepSpikingNetworks"),
        .product(name: "DenseReLU", package: "DeepSpikingNetworks"),
        .product(name: "EventRecordings", package: "DeepSpikingNetworks"),
        .product(name: "Experiments", package: "DeepSpikingNetworks"),
        .product(name: "Files", package: "DeepSpikingNetworks"),
        .product(name: "Measures", package: "DeepSpikingNetworks"),
        .product(name: "Prediction", package: "DeepSpikingNetworks"),
        .product(name: "ModelFiles", package: "DeepSpikingNetworks"),
        .product(name: "Networks", package: "DeepSpikingNetworks"),
        .product(name: "Reports", package: "DeepSpikingNetworks"),
        .product(name: "SpikeKernels", package: "DeepSpikingNetworks"),
        .product(name: "SpikeTraces", package: "DeepSpikingNetworks"),
        .product(name: "SpikingReLU", package: "DeepSpikingNetworks"),
        .product(name: "Streams", package: "DeepSpikingNetworks"),
        .product(name: "Training", package: "DeepSpikingNetworks"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      exclude: ["bench/Commands/Bench.swift", "bench/Terminal/ExitStatus.swift"]),
  ]
    + readers.map {
      .executableTarget(name: "Fuzz" + $0, dependencies: ["FuzzSupport"])
    }
)
