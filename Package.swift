// swift-tools-version: 6.2
import PackageDescription

// Every Swift target is held to the same rules: Swift 6 mode, and a warning is an error.
let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")

/// A room of the house: a library target under `Sources/<name>`.
func room(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

/// The tests of one room under `Tests/<name>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: dependencies, swiftSettings: strict)
}

/// `QKD_ONLY=transport` leaves the rooms up to the transports and their tests: a sanitizer's build of all takes long.
let onlyTransport = Context.environment["QKD_ONLY"] == "transport"

let package = Package(
    name: "qkdctl",
    products: [
        .executable(name: "qkdctl", targets: ["qkdctl"]),
        .library(name: "QKDCore", targets: ["QKDCore"]),
        .library(name: "QKDKernels", targets: ["QKDKernels"]),
        .library(name: "QKDTransport", targets: ["QKDTransport"]),
        .library(name: "QKDDrivers", targets: ["QKDDrivers"]),
        .library(name: "QKDTimeTags", targets: ["QKDTimeTags"]),
        .library(name: "QKDSifting", targets: ["QKDSifting"]),
        .library(name: "QKDDistillation", targets: ["QKDDistillation"]),
        .library(name: "QKDPhysics", targets: ["QKDPhysics"]),
        .library(name: "QKDBench", targets: ["QKDBench"]),
        .library(name: "QKDTestKit", targets: ["QKDTestKit"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        // What Swift cannot import, and the system's C libraries.
        .target(name: "CQKDSystem", dependencies: ["CLibGPIOD"]),
        // The engine's hot loops, chosen by what the machine can do: no flags that a dependency may not have.
        .target(name: "CQKDKernels"),
        .systemLibrary(name: "CLibUSB", pkgConfig: "libusb-1.0", providers: [.apt(["libusb-1.0-0-dev"])]),
        .systemLibrary(name: "CLibGPIOD", pkgConfig: "libgpiod", providers: [.apt(["libgpiod-dev"])]),
        .systemLibrary(name: "CKissFFT", providers: [.apt(["libkissfft-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // The vocabulary.
        room("QKDCore", []),

        // The engine's hot loops, each with its twin in plain Swift.
        room("QKDKernels", ["QKDCore", "CQKDKernels"]),

        // From bytes to sifted bits.
        room("QKDTransport", ["QKDCore", "CQKDSystem", "CLibUSB", nioCore, nioPosix, nioHTTP1]),
        room("QKDDrivers", ["QKDCore", "QKDTransport"]),
        room("QKDTimeTags", ["QKDCore", "QKDKernels", "CKissFFT", "CZlib"]),
        room("QKDSifting", ["QKDCore", "QKDKernels"]),
        // From sifted bits to secret ones.
        room("QKDDistillation", ["QKDCore", "QKDKernels"]),

        // What stands in for the world, and what steers.
        room("QKDPhysics", ["QKDCore"]),
        room(
            "QKDBench",
            [
                "QKDCore", "QKDKernels", "QKDTransport", "QKDDrivers", "QKDTimeTags", "QKDSifting", "QKDDistillation",
                "QKDPhysics", "CQKDSystem", crypto, cryptoExtras, toml,
            ],
            // A link to the folder at the top, so that a bench is one file in both places.
            resources: [.embedInCode("Benches/bb84-loopback.toml"), .embedInCode("Benches/bb84-ideal.toml")]),
        room("QKDTestKit", ["QKDCore", "QKDTransport"]),
        room(
            "QKDCLI",
            [
                "QKDCore", "QKDKernels", "QKDTransport", "QKDDrivers", "QKDTimeTags", "QKDSifting", "QKDDistillation",
                "QKDPhysics", "QKDBench", argumentParser,
            ]),
        .executableTarget(
            name: "qkdctl", dependencies: ["QKDCLI", "CQKDSystem", argumentParser], swiftSettings: strict),

        tests("QKDCore", ["QKDCore"]),
        tests("QKDKernels", ["QKDKernels", "QKDCore", "QKDPhysics"]),
        tests("QKDTransport", ["QKDTransport", "QKDCore", "QKDTestKit"]),
        tests("QKDDrivers", ["QKDDrivers", "QKDTestKit", "QKDTransport", "QKDCore"]),
        tests("QKDTimeTags", ["QKDTimeTags", "QKDCore", "QKDPhysics"]),
        tests("QKDSifting", ["QKDSifting", "QKDCore"]),
        tests("QKDDistillation", ["QKDDistillation", "QKDCore", "QKDKernels", "QKDPhysics"]),
        tests("QKDPhysics", ["QKDPhysics", "QKDCore"]),
        tests(
            "QKDBench",
            [
                "QKDBench", "QKDCore", "QKDPhysics", "QKDDrivers", "QKDTransport", "QKDTimeTags", "QKDSifting",
                "QKDDistillation", "QKDTestKit",
            ]),
        tests(
            "QKDCLI",
            [
                "QKDCLI", "QKDCore", "QKDDrivers", "QKDBench", "QKDPhysics", "QKDSifting", "QKDTimeTags",
                "QKDDistillation", argumentParser,
            ]),
    ],
    cxxLanguageStandard: .cxx17
)

if onlyTransport {
    let kept: Set = [
        "CQKDSystem", "CLibUSB", "CLibGPIOD", "QKDCore", "QKDTransport", "QKDTestKit", "QKDTransportTests",
    ]
    package.targets.removeAll { !kept.contains($0.name) }
    package.products.removeAll { !kept.contains($0.name) }
    let repositories: Set = ["https://github.com/apple/swift-nio"]
    package.dependencies.removeAll { dependency in
        guard case .sourceControl(_, let location, _) = dependency.kind else { return false }
        return !repositories.contains(location)
    }
}
