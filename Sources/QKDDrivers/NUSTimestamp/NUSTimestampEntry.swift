import QKDCore
import QKDTransport

extension CatalogEntry {
    /// Time stamp card of the Centre for Quantum Technologies.
    static let nusTimestampCard = CatalogEntry(
        descriptor: NUSTimestampCard.descriptor, link: .usb,
        connect: { NUSTimestampCard(connection: try $0.usb(for: NUSTimestampCard.descriptor.id), clock: $1) },
        emulate: { setup in
            var settings = NUSTimestampEmulator.Settings(unit: setup.unit)
            settings.resetsCounter = setup.standsAlone
            if setup.standsAlone { settings.testRateHz = 100_000 }
            return .usb(NUSTimestampEmulator(settings: settings))
        })
}

extension NUSTimestampEmulator: TaggerEmulation {}
