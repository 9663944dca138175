import QKDCore
import QKDTransport

extension CatalogEntry {
    /// Crypta Labs QCicada: random bytes.
    static let qCicada = CatalogEntry(
        descriptor: QCicada.descriptor, link: .serial(baud: 1_000_000),
        bridge: SerialBridge(.ftdi, manufacturer: "Crypta Labs", product: "QCicada"),
        connect: { connection, _ in QCicada(transport: try connection.stream(for: QCicada.descriptor.id)) },
        emulate: { .stream(QCicadaEmulator(.init(seed: $0.seed, unit: $0.unit))) })
}

extension QCicadaEmulator: EmulatorJournal {}
