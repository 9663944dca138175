import CQKDSystem
import Foundation
import QKDCore

/// Lines of a chip that this program holds; given up by `close`, or with the last reference.
public final class GPIORequest: GPIOOutputs, @unchecked Sendable {
    public let endpoint: String
    public let label: String
    private let address: GPIOAddress
    /// A chip behind USB takes milliseconds, which no task may wait for.
    private let queue = DispatchQueue(label: "qkdctl.gpio")
    private var lines: OpaquePointer?

    init(_ lines: OpaquePointer, _ address: GPIOAddress, label: String) {
        self.lines = lines
        self.label = label
        self.address = address
        endpoint = address.description
    }

    deinit { qkd_gpio_release(lines) }

    public func set(_ values: [Bool]) async throws {
        precondition(values.count == address.offsets.count, "a value for each line")
        try await call("cannot set the lines") { qkd_gpio_set($0, values.map { $0 ? 1 : 0 }) }
    }

    /// Reads all lines.
    public func values() async throws -> [Bool] {
        let count = address.offsets.count
        return try await run("cannot read the lines") { lines in
            var values = [CInt](repeating: 0, count: count)
            let result = qkd_gpio_get(lines, &values)
            return (result, values.map { $0 != 0 })
        }
    }

    public func close() async {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                qkd_gpio_release(lines)
                lines = nil
                continuation.resume()
            }
        }
    }

    /// Waits for edges and reads up to 64; for `GPIOEdges`.
    func edges(timeoutMS: Int32) async throws -> [qkd_gpio_edge] {
        try await run("cannot read the edges") { lines in
            var edges = [qkd_gpio_edge](repeating: qkd_gpio_edge(), count: 64)
            let count = qkd_gpio_edges(lines, timeoutMS, &edges, edges.count)
            return (count, Array(edges.prefix(Int(max(0, count)))))
        }
    }

    private func call(_ what: String, _ body: @escaping @Sendable (OpaquePointer) -> CInt) async throws {
        try await run(what) { (body($0), ()) }
    }

    private func run<Value: Sendable>(
        _ what: String, _ body: @escaping @Sendable (OpaquePointer) -> (CInt, Value)
    ) async throws -> Value {
        let place = QKDError.Place(endpoint)
        return try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
            queue.async { [self] in
                guard let lines else {
                    return continuation.resume(throwing: QKDError(.disconnected, "the lines were given up", at: place))
                }
                let (result, value) = body(lines)
                if result >= 0 { return continuation.resume(returning: value) }
                // ENODEV and EIO: the chip was pulled.
                let kind: QKDError.Kind = [-19, -5].contains(result) ? .disconnected : .io
                continuation.resume(throwing: QKDError(kind, what, code: -result, at: place))
            }
        }
    }
}
