// swift-tools-version:6.3
import PackageDescription

/// Every target: warnings are errors, imports are explicit, unsafe code is marked at each use.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
]

/// Targets that parse, print and draw, and compute nothing: a release build does not optimize them, which
/// takes a third of its time (docs/Performance.md, "Building").
let cold: [SwiftSetting] = [.unsafeFlags(["-Onone"], .when(configuration: .release))]

/// Spikes are decided by comparisons of exact sums: contracting `a + s * w` into a fused
/// operation would change the last bit and with it the whole event history.
///
/// Names and lines are all that a debugger is told of them: what else it could be told takes a quarter of their
/// build time.
let exactC: [CSetting] = [
  .unsafeFlags(["-gline-tables-only"]), .treatAllWarnings(as: .error), .enableWarning("all"),
  .enableWarning("extra"),
  .enableWarning("conversion"),
]

/// Networks and kernels are optimized in debug builds, too: tests run them over millions of spikes, and take
/// a third of the time (docs/Performance.md, "Building"). `SPIKING_UNOPTIMIZED=1 swift build` for stepping
/// through them.
let isStepping = Context.environment["SPIKING_UNOPTIMIZED"] != nil
let hot: [SwiftSetting] =
  isStepping
  ? []
  : [.unsafeFlags(["-O"], .when(configuration: .debug))]
let hotC: [CSetting] =
  isStepping ? [] : [.unsafeFlags(["-O2"], .when(configuration: .debug))]

/// MPI by the name that pkg-config knows it under: Debian's choice among those that are installed, Open MPI
/// or MPICH; Homebrew's Open MPI.
#if os(macOS)
  let mpi = "ompi"
#else
  let mpi = "mpi"
#endif

let package = Package(
  name: "DeepSpikingNetworks",
  products: [
    .library(name: "DeepSpikingNetworks", targets: ["DeepSpikingNetworks"]),
    .library(name: "Networks", targets: ["Networks"]),
    .library(name: "DenseReLU", targets: ["DenseReLU"]),
    .library(name: "SpikeKernels", targets: ["SpikeKernels"]),
    .library(name: "SpikingReLU", targets: ["SpikingReLU"]),
    .library(name: "Datasets", targets: ["Datasets"]),
    .library(name: "DataFiles", targets: ["DataFiles"]),
    .library(name: "Files", targets: ["Files"]),
    .library(name: "ModelFiles", targets: ["ModelFiles"]),
    .library(name: "EventRecordings", targets: ["EventRecordings"]),
    .library(name: "Cluster", targets: ["Cluster", "MPICluster"]),
    .library(name: "Training", targets: ["Training"]),
    .library(name: "Prediction", targets: ["Prediction"]),
    .library(name: "SpikeTraces", targets: ["SpikeTraces"]),
    .library(name: "Measures", targets: ["Measures"]),
    .library(name: "Streams", targets: ["Streams"]),
    .library(name: "Experiments", targets: ["Experiments"]),
    .library(name: "Reports", targets: ["Reports"]),
    .executable(name: "bench", targets: ["bench"]),
  ],
  traits: [
    .trait(
      name: "MPI", description: "Runs on many machines (MPI): Scripts/setup --mpi installs it."),
    .trait(name: "NIR", description: "Writes NIR graphs (HDF5): Scripts/setup --nir installs it."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    .systemLibrary(
      name: "CBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev", "liblapacke-dev"]), .brew(["openblas"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"]), .brew(["libzip"])]),
    .systemLibrary(
      name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .systemLibrary(
      name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"]), .brew(["lz4"])]),
    .systemLibrary(
      name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c",
      providers: [.apt(["libprotobuf-c-dev"]), .brew(["protobuf-c"])]),
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CTurboJPEG", pkgConfig: "libturbojpeg",
      providers: [.apt(["libturbojpeg0-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CMPI", pkgConfig: mpi,
      providers: [.apt(["libopenmpi-dev", "openmpi-bin"]), .brew(["open-mpi"])]),
    // Of FlatBuffers there are headers only.
    .target(
      name: "CFlatBuffers", cxxSettings: [.treatAllWarnings(as: .error), .enableWarning("all")]),
    .target(name: "CEmbeddedDigits", cSettings: exactC),
    // Generated: see onnx.proto.
    .target(
      name: "CONNX", dependencies: ["CProtobufC"], exclude: ["onnx.proto"], cSettings: exactC),
    .target(name: "CPNGReader", dependencies: ["CPNG"], cSettings: exactC),
    .target(name: "CSpikeKernels", cSettings: exactC + hotC),
    .target(
      name: "CVega", exclude: ["vega-5.21.0.js", "vega-lite-4.17.0.js", "LICENSE.txt"],
      cSettings: exactC + [.disableWarning("c23-extensions")]),

    .target(name: "Files", dependencies: ["CZlib"], swiftSettings: strict),
    .target(name: "Networks", swiftSettings: strict + hot),
    .target(
      name: "DenseReLU", dependencies: ["CBLAS", "Networks"], swiftSettings: strict + hot,
      linkerSettings: [.linkedLibrary("lapacke", .when(platforms: [.linux]))]),
    .target(
      name: "SpikeKernels", dependencies: ["CSpikeKernels", "Networks"],
      swiftSettings: strict + hot),
    .target(
      name: "SpikingReLU", dependencies: ["SpikeKernels", "Networks"],
      swiftSettings: strict + hot),
    .target(
      name: "Datasets", dependencies: ["CZlib", "CEmbeddedDigits", "Files", "Networks"],
      swiftSettings: strict),
    .target(
      name: "ModelFiles",
      dependencies: [
        "CONNX", "CZip", "Files", "Networks",
        .target(name: "CHDF5", condition: .when(traits: ["NIR"])),
      ],
      swiftSettings: strict + cold),
    .target(
      name: "DataFiles",
      dependencies: ["CPNGReader", "CTurboJPEG", "Datasets", "Files", "ModelFiles", "Networks"],
      swiftSettings: strict),
    .target(
      name: "EventRecordings", dependencies: ["CFlatBuffers", "CLZ4", "CZstd", "Files"],
      swiftSettings: strict),
    .target(name: "Cluster", swiftSettings: strict + cold),
    .target(
      name: "MPICluster",
      dependencies: ["Cluster", .target(name: "CMPI", condition: .when(traits: ["MPI"]))],
      swiftSettings: strict + cold),
    .target(
      name: "Training",
      dependencies: [
        "Cluster", "Datasets", "DenseReLU", "Files", "ModelFiles", "Networks", "SpikeKernels",
        "SpikingReLU",
      ],
      swiftSettings: strict + cold),
    .target(
      name: "SpikeTraces", dependencies: ["Files", "Networks", "SpikeKernels", "SpikingReLU"],
      swiftSettings: strict + cold),
    .target(
      name: "DeepSpikingNetworks",
      dependencies: [
        "DataFiles", "Datasets", "DenseReLU", "EventRecordings", "ModelFiles", "Networks",
        "SpikeKernels", "SpikingReLU", "Prediction", "Streams", "Training",
      ],
      swiftSettings: strict),
    .target(
      name: "Prediction",
      dependencies: [
        "DataFiles", "Datasets", "ModelFiles", "Networks", "SpikeKernels", "SpikingReLU",
      ],
      swiftSettings: strict + cold),
    .target(
      name: "Measures",
      dependencies: [
        "Datasets", "DenseReLU", "Networks", "SpikeKernels", "SpikingReLU", "Training",
      ],
      swiftSettings: strict),
    .target(
      name: "Streams",
      dependencies: ["EventRecordings", "Networks", "SpikeKernels", "SpikingReLU"],
      swiftSettings: strict),
    .target(
      name: "Experiments",
      dependencies: [
        "Cluster", "Datasets", "DenseReLU", "EventRecordings", "Files", "Measures", "ModelFiles",
        "Networks", "SpikeKernels", "SpikingReLU", "Streams", "Training",
      ],
      swiftSettings: strict + cold),
    .target(
      name: "Reports",
      dependencies: [
        "CVega", "Datasets", "DenseReLU", "EventRecordings", "Experiments", "Measures", "Networks",
        "SpikeKernels", "SpikingReLU", "Streams", "Training",
      ],
      swiftSettings: strict + cold),
    .executableTarget(
      name: "bench",
      dependencies: [
        "Cluster", "DataFiles", "Datasets", "DenseReLU", "EventRecordings", "Experiments", "Files",
        "MPICluster", "Measures", "ModelFiles", "Networks", "Prediction", "Reports", "SpikeKernels",
        "SpikeTraces",
        "SpikingReLU", "Streams", "Training",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict + cold),

    // For tests alone: folders and data of their own; allocations that are counted, system calls that
    // fail, ranks that are threads.
    .target(
      name: "TestSupport", dependencies: ["Datasets"], path: "Tests/TestSupport",
      swiftSettings: strict),
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter", cSettings: exactC),
    .target(name: "CFaultInjection", path: "Tests/CFaultInjection", cSettings: exactC),
    .target(
      name: "ThreadCluster", dependencies: ["Cluster"], path: "Tests/ThreadCluster",
      swiftSettings: strict),

    .testTarget(name: "NetworksTests", dependencies: ["Networks"], swiftSettings: strict),
    .testTarget(
      name: "FilesTests", dependencies: ["CFaultInjection", "Files", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "DenseReLUTests", dependencies: ["DenseReLU", "CAllocationCounter"],
      swiftSettings: strict),
    .testTarget(
      name: "SpikeKernelsTests", dependencies: ["SpikeKernels", "CSpikeKernels"],
      swiftSettings: strict),
    .testTarget(
      name: "SpikingReLUTests", dependencies: ["SpikingReLU", "CAllocationCounter"],
      exclude: ["Fixtures"],
      swiftSettings: strict),
    .testTarget(
      name: "DatasetsTests", dependencies: ["Datasets", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "DataFilesTests", dependencies: ["DataFiles", "ModelFiles", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "EventRecordingsTests", dependencies: ["EventRecordings", "Files", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ModelFilesTests", dependencies: ["Files", "ModelFiles", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ClusterTests", dependencies: ["Cluster", "MPICluster", "ThreadCluster"],
      swiftSettings: strict),
    .testTarget(
      name: "SpikeTracesTests", dependencies: ["SpikeTraces"], exclude: ["Fixtures"],
      swiftSettings: strict),
    .testTarget(
      name: "TrainingTests",
      dependencies: ["CFaultInjection", "Experiments", "TestSupport", "ThreadCluster", "Training"],
      swiftSettings: strict),
    .testTarget(
      name: "MeasuresTests", dependencies: ["Measures", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "ExperimentsTests",
      dependencies: [
        "DeepSpikingNetworks", "EventRecordings", "Experiments", "MPICluster", "Reports",
        "TestSupport", "ThreadCluster",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "PredictionTests",
      dependencies: [
        "Datasets", "DenseReLU", "ModelFiles", "Networks", "Prediction", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ReportsTests", dependencies: ["EventRecordings", "Reports", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "BenchTests", dependencies: ["bench", "EventRecordings", "ModelFiles", "Networks"],
      swiftSettings: strict),
  ],
  cLanguageStandard: .c17,
  cxxLanguageStandard: .cxx17
)
