// swift-tools-version: 6.2
import PackageDescription

// A newer compiler warns of more, which must keep nobody from building.
#if compiler(<6.4)
    let warnings = SwiftSetting.treatAllWarnings(as: .error)
#else
    let warnings = SwiftSetting.treatAllWarnings(as: .warning)
#endif

let strict: [SwiftSetting] = [
    warnings,
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A library target of this package. What it may import is the module table of ARCHITECTURE.md; a test checks the graph.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func test(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "imagebuild",
    products: [.executable(name: "imagebuild", targets: ["imagebuild"])],
    dependencies: [
        // Exact versions, here and only here: Package.resolved is not kept (ARCHITECTURE.md, "Decisions").
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system.git", exact: "1.8.1"),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", exact: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client.git", exact: "1.37.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", exact: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CArchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CDeflate", providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),

        library("ConfigurationFile", ["CYAML"]),
        library("DurableFiles", [.product(name: "SystemPackage", package: "swift-system")]),
        library("Scheduling", [.product(name: "NIOPosix", package: "swift-nio")]),
        library("OCIModel", [.product(name: "NIOSSL", package: "swift-nio-ssl")]),

        library(
            "ChildPrograms",
            [
                "DurableFiles", .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        library("DebianFormat", ["OCIModel"]),
        library("Executables", ["OCIModel"]),
        library("ImageDefinition", ["ConfigurationFile", "OCIModel"]),
        library(
            "LayerArchive",
            [
                "DurableFiles", "OCIModel", "CArchive", "CDeflate", "CZstd",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        library(
            "OCIContent",
            [
                "Scheduling", "DurableFiles", "OCIModel", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),

        library(
            "HTTPTransfer",
            [
                "OCIModel",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),

        library(
            "MetricsExposition",
            [
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),

        library(
            "OCIRegistry",
            [
                "ChildPrograms", "Scheduling", "DurableFiles", "OCIModel", "OCIContent", "HTTPTransfer",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        library(
            "RegistryServer",
            [
                "Scheduling", "DurableFiles", "OCIModel", "OCIContent", "CCrypt",
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        library(
            "ImageInputs",
            [
                "ChildPrograms", "Scheduling", "DurableFiles", "OCIModel", "DebianFormat", "Executables",
                "ImageDefinition",
                "LayerArchive",
                "OCIContent", "HTTPTransfer",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        library(
            "ImageAssembly",
            [
                "Scheduling", "DurableFiles", "OCIModel", "DebianFormat", "Executables", "ImageDefinition",
                "LayerArchive",
                "OCIContent",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),

        library(
            "ImageMirroring",
            [
                "ConfigurationFile", "Scheduling", "DurableFiles", "OCIModel", "OCIContent", "OCIRegistry",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),

        library(
            "OCIArchive",
            [
                "DurableFiles", "OCIModel", "LayerArchive", "OCIContent",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),

        library(
            "ImageBuilding",
            [
                "ChildPrograms", "Scheduling", "DurableFiles", "OCIModel", "ImageDefinition", "LayerArchive",
                "OCIContent",
                "ImageInputs", "ImageAssembly", "OCIArchive", "OCIRegistry", "RegistryServer",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),

        library(
            "ImageReleasing",
            [
                "ChildPrograms", "ConfigurationFile", "Scheduling", "DurableFiles", "OCIModel", "Executables",
                "LayerArchive",
                "OCIContent",
                "HTTPTransfer", "ImageDefinition", "ImageInputs", "ImageAssembly", "OCIRegistry", "ImageBuilding",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),

        .executableTarget(
            name: "imagebuild",
            dependencies: [
                "ConfigurationFile", "DurableFiles", "OCIModel", "ImageDefinition", "LayerArchive", "OCIContent",
                "HTTPTransfer", "ImageInputs", "ImageAssembly", "ImageMirroring", "MetricsExposition", "OCIRegistry",
                "RegistryServer", "ImageBuilding", "ImageReleasing", "Scheduling",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),

        // What the tests of every module need: folders, programs, noise, waiting.
        .target(
            name: "TestSupport", dependencies: [.product(name: "SystemPackage", package: "swift-system")],
            path: "Tests/TestSupport", swiftSettings: strict),
        // Registries that go wrong, for the tests of what must cope with them.
        .target(
            name: "RegistryTesting",
            dependencies: [
                "Scheduling", "RegistryServer", "OCIContent", "OCIModel", "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/RegistryTesting", swiftSettings: strict),

        // A repository that is released, and the keys that sign it.
        .target(
            name: "ReleaseTesting",
            dependencies: [
                "OCIModel", "StubHTTP", "TestSupport", .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/ReleaseTesting", swiftSettings: strict),

        test(
            "ChildProgramsTests",
            ["ChildPrograms", "TestSupport", .product(name: "SystemPackage", package: "swift-system")]),
        test("OCIModelTests", ["OCIModel"]),
        test(
            "LayerArchiveTests",
            ["LayerArchive", "OCIModel", "TestSupport", .product(name: "SystemPackage", package: "swift-system")]),
        test(
            "OCIContentTests",
            [
                "DurableFiles", "OCIContent", "OCIModel", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        test(
            "OCIArchiveTests",
            [
                "DurableFiles", "OCIArchive", "LayerArchive", "OCIContent", "OCIModel", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        test(
            "OCIRegistryTests",
            [
                "Scheduling", "DurableFiles", "OCIRegistry", "RegistryTesting", "RegistryServer", "OCIContent",
                "OCIModel", "HTTPTransfer",
                "StubHTTP", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        test(
            "RegistryServerTests",
            [
                "DurableFiles", "RegistryTesting", "RegistryServer", "OCIContent", "OCIModel", "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        // A server that misbehaves on demand, for the tests of whatever speaks HTTP.
        .target(
            name: "StubHTTP",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/StubHTTP", swiftSettings: strict),
        test("HTTPTransferTests", ["HTTPTransfer", "OCIModel"]),
        test("DebianFormatTests", ["DebianFormat", "OCIModel", "TestSupport"]),
        // Small executables of either kind, for the tests of what reads them.
        .target(name: "ExecutableFixtures", path: "Tests/ExecutableFixtures", swiftSettings: strict),
        test(
            "ImageMirroringTests",
            [
                "ConfigurationFile", "Scheduling", "DurableFiles", "ImageMirroring", "MetricsExposition", "OCIModel",
                "OCIContent", "OCIRegistry", "RegistryTesting", "RegistryServer", "TestSupport",
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        test(
            "ImageReleasingTests",
            [
                "ConfigurationFile", "DurableFiles", "ExecutableFixtures", "Executables", "HTTPTransfer",
                "ImageReleasing",
                "LayerArchive", "OCIModel", "ReleaseTesting", "StubHTTP", "TestSupport",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        test(
            "MetricsExpositionTests",
            [
                "MetricsExposition", "RegistryTesting", .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        test("ExecutablesTests", ["Executables", "ExecutableFixtures", "OCIModel"]),
        test("ImageDefinitionTests", ["ConfigurationFile", "ImageDefinition", "OCIModel"]),
        test(
            "ImageInputsTests",
            [
                "Scheduling", "DurableFiles", "ImageInputs", "DebianFormat", "ImageDefinition", "OCIContent",
                "OCIModel",
                "LayerArchive", "HTTPTransfer", "StubHTTP", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        test(
            "ImageAssemblyTests",
            [
                "Scheduling", "DurableFiles", "ExecutableFixtures", "ImageAssembly", "ImageDefinition", "LayerArchive",
                "OCIContent",
                "OCIModel", "TestSupport",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        test(
            "ImageBuildingTests",
            [
                "DurableFiles", "ImageBuilding", "ImageDefinition", "ImageInputs", "ImageAssembly", "OCIContent",
                "LayerArchive", "OCIModel", "OCIRegistry", "RegistryServer", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        // What the sources and documents of this repository must be.
        test("RepositoryTests", ["TestSupport"]),
        // They run the program that the build puts beside the tests, or that `IMAGEBUILD_PROGRAM` names.
        test(
            "EndToEndTests",
            [
                "ConfigurationFile", "ImageDefinition", "ImageInputs", "LayerArchive", "OCIModel", "RegistryServer",
                "RegistryTesting", "ReleaseTesting", "StubHTTP", "TestSupport",
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
    ]
)
