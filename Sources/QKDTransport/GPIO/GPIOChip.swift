import CQKDSystem
import Foundation
import QKDCore

/// A GPIO chip that the kernel shows.
public struct GPIOChipFacts: Sendable, Equatable {
    /// The chip's file, e.g. `/dev/gpiochip0`.
    public var path: String
    /// What the kernel's driver calls it.
    public var label: String
    /// How many lines it has.
    public var lineCount: Int
    /// Why it could not be opened, or `nil` if this user may.
    public var obstacle: QKDError.Kind?
}

/// The GPIO chips of this machine, through libgpiod 1.6 or 2.x.
public enum GPIOChips {
    /// libgpiod's version, e.g. `1.6.3`.
    public static var libraryVersion: String { String(cString: qkd_gpio_version()) }

    /// Whether lost edges show: libgpiod 2 hands out sequence numbers, 1.x does not.
    public static var showsLostEdges: Bool { qkd_gpio_major() >= 2 }

    /// Lists the chips under `folder`, in the order of their names.
    public static func list(folder: String = "/dev") async throws -> [GPIOChipFacts] {
        try await Offload.run { listNow(folder) }
    }

    private static func listNow(_ folder: String) -> [GPIOChipFacts] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasPrefix("gpiochip") }.sorted().map { facts(of: "\(folder)/\($0)") }
    }

    /// Looks at one chip.
    public static func facts(of path: String) -> GPIOChipFacts {
        switch look(path) {
        case .failure(let error): GPIOChipFacts(path: path, label: "", lineCount: 0, obstacle: error.kind)
        case .success(let (label, lines)): GPIOChipFacts(path: path, label: label, lineCount: lines)
        }
    }

    /// Requests output lines, which get `values` at once.
    ///
    /// Throws `absent`, `busy` (a line that is in use, with its user's name), `permissionDenied`, `outOfRange`.
    public static func outputs(_ address: GPIOAddress, values: [Bool]) async throws -> GPIORequest {
        precondition(values.count == address.offsets.count, "a value for each line")
        return try await request(address) {
            qkd_gpio_outputs(address.chip, address.offsets, values.map { $0 ? 1 : 0 }, values.count, consumer, &$0)
        }
    }

    /// Requests input lines.
    public static func inputs(_ address: GPIOAddress) async throws -> GPIORequest {
        try await request(address) {
            qkd_gpio_inputs(address.chip, address.offsets, address.offsets.count, consumer, &$0)
        }
    }

    /// A chip's label and number of lines.
    private static func look(_ path: String) -> Result<(String, Int), QKDError> {
        var label = [CChar](repeating: 0, count: 64)
        var unused = [CChar](repeating: 0, count: 64)
        var lines: UInt32 = 0
        let result = qkd_gpio_chip(path, &unused, unused.count, &label, label.count, &lines)
        guard result >= 0 else {
            return .failure(failure(-result, GPIOAddress(chip: path, offsets: [])))
        }
        return .success((text(label), Int(lines)))
    }

    /// The name that others see on our lines.
    static let consumer = "qkdctl"

    static func request(
        _ address: GPIOAddress, _ make: @escaping @Sendable (inout OpaquePointer?) -> CInt
    ) async throws -> GPIORequest {
        try await Offload.run {
            var lines: OpaquePointer?
            let result = make(&lines)
            guard result >= 0, let lines else { throw failure(-result, address) }
            return GPIORequest(lines, address, label: (try? look(address.chip).get().0) ?? "")
        }
    }

    private static func failure(_ code: CInt, _ address: GPIOAddress) -> QKDError {
        let place = QKDError.Place(address.chip)
        switch code {
        case 16:
            let users = address.offsets.compactMap { user(of: $0, on: address.chip) }
            let list = users.isEmpty ? "a line is in use" : users.joined(separator: ", ")
            return QKDError(.busy, list, code: code, at: place)
        case 13, 1: return QKDError(.permissionDenied, "this user may not open the GPIO chip", code: code, at: place)
        case 2: return QKDError(.absent, "there is no such GPIO chip", code: code, at: place)
        case 22:
            return QKDError(.outOfRange, "the chip does not have all of the lines of \(address)", code: code, at: place)
        case 19: return QKDError(.disconnected, "the GPIO chip is gone", code: code, at: place)
        default: return QKDError(.io, "the lines of \(address) cannot be had", code: code, at: place)
        }
    }

    private static func user(of offset: UInt32, on chip: String) -> String? {
        var name = [CChar](repeating: 0, count: 64)
        var consumer = [CChar](repeating: 0, count: 64)
        var isUsed: CInt = 0
        var isOutput: CInt = 0
        guard
            qkd_gpio_line(chip, offset, &name, name.count, &consumer, consumer.count, &isUsed, &isOutput) == 0,
            isUsed != 0
        else { return nil }
        return "line \(offset) is in use by '\(text(consumer))'"
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
