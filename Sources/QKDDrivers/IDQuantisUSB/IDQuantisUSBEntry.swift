import QKDCore
import QKDTransport

extension CatalogEntry {
    /// ID Quantique Quantis USB: random bytes.
    static let idQuantisUSB = CatalogEntry(
        descriptor: IDQuantisUSB.descriptor, link: .usb,
        connect: { IDQuantisUSB(connection: try $0.usb(for: IDQuantisUSB.descriptor.id), clock: $1) },
        emulate: { .usb(IDQuantisUSBEmulator(.init(seed: $0.seed, unit: $0.unit))) })
}

extension IDQuantisUSBEmulator: EmulatorJournal {}
