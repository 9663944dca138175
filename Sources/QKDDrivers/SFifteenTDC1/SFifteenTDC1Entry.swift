import QKDCore
import QKDTransport

extension CatalogEntry {
    /// S-Fifteen TDC1: 2 ns time tagger.
    static let sfifteenTDC1 = CatalogEntry(
        descriptor: SFifteenTDC1.descriptor, link: .serial(baud: 115_200),
        bridge: SerialBridge(.cdcACM, manufacturer: "S-Fifteen Instruments", product: "TDC1"),
        connect: { SFifteenTDC1(transport: try $0.stream(for: SFifteenTDC1.descriptor.id), clock: $1) },
        emulate: { setup in
            var settings = SFifteenTDC1Emulator.Settings(unit: setup.unit)
            settings.followsWorld = setup.standsAlone
            return .stream(SFifteenTDC1Emulator(settings: settings))
        })
}

extension SFifteenTDC1Emulator: TaggerEmulation {}
