import QKDCore
import QKDTransport

extension CatalogEntry {
    /// Luna PCD-M02: piezo driver of a fibre squeezer.
    static let lunaPCDM02 = CatalogEntry(
        descriptor: LunaPCDM02.descriptor, link: .gpio(lines: PCDM02Cycle.lines),
        connect: { LunaPCDM02(lines: try $0.gpio(for: LunaPCDM02.descriptor.id), clock: $1) },
        emulate: { _ in .gpio(LunaPCDM02Emulator()) })
}

extension LunaPCDM02Emulator: EmulatorJournal {}
