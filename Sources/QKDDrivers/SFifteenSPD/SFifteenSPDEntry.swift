import QKDCore
import QKDTransport

extension CatalogEntry {
    /// S-Fifteen single-photon detector.
    static let sfifteenSPD = CatalogEntry(
        descriptor: SFifteenSPD.descriptor, link: .serial(baud: 115_200),
        bridge: SerialBridge(.cdcACM, manufacturer: "S-Fifteen Instruments", product: "Single photon detector"),
        connect: { SFifteenSPD(transport: try $0.stream(for: SFifteenSPD.descriptor.id), clock: $1) },
        emulate: { .stream(SFifteenSPDEmulator(.init(unit: $0.unit))) })
}

extension SFifteenSPDEmulator: DetectorEmulation {
    /// The bias at the diode and its temperature.
    public func operatingPoint(nowPS: Int64) -> DetectorOperatingPoint {
        DetectorOperatingPoint(
            biasVolts: biasVolts(nowPS: nowPS), temperatureCelsius: temperatureCelsius(nowPS: nowPS))
    }
}
