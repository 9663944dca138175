import QKDCore
import QKDTransport

extension CatalogEntry {
    /// Thorlabs MBX: Mach–Zehnder bias and variable attenuator.
    static let thorlabsMBX = CatalogEntry(
        descriptor: ThorlabsMBX.descriptor, link: .serial(baud: 115_200),
        bridge: SerialBridge(.ftdi, manufacturer: "Thorlabs", product: "MBX"),
        connect: { ThorlabsMBX(transport: try $0.stream(for: ThorlabsMBX.descriptor.id), clock: $1) },
        emulate: { .stream(ThorlabsMBXEmulator(.init(unit: $0.unit))) })
}

extension ThorlabsMBXEmulator: ModulatorEmulation {
    /// The attenuator in its present setting, and the bias in half-wave voltages of its electrode.
    public func lightPath(nowPS: Int64) -> ModulatorLightPath {
        let state = opticalState(nowPS: nowPS)
        return ModulatorLightPath(
            attenuationDB: state.attenuationDB, biasErrorHalfWaves: state.biasErrorVolts / state.halfWaveVolts)
    }
}
