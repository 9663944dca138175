// swift-tools-version: 6.2
// Fuzzing of the tag readers by libFuzzer; scripts/fuzz builds and runs it. Not part of the package above.
import PackageDescription

let package = Package(
    name: "fuzz",
    dependencies: [.package(name: "qkdctl", path: "../..")],
    targets: [
        .executableTarget(
            name: "FuzzTagReaders",
            dependencies: [
                .product(name: "QKDCore", package: "qkdctl"), .product(name: "QKDTimeTags", package: "qkdctl"),
                .product(name: "QKDDistillation", package: "qkdctl"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6)])
    ])
