import QKDCore
import QKDTransport

/// The one list of drivers: a new device adds its line here.
public enum Catalog {
    /// Every driver, in the order of the devices' classes on a bench.
    public static let entries: [CatalogEntry] = [
        .swabianPulseStreamer, .thorlabsMBX, .qCicada, .idQuantisUSB, .sfifteenSPD, .sfifteenTDC1,
        .nusTimestampCard, .lunaPCDM02,
    ]

    /// The driver of an id.
    public static func entry(_ id: String) -> CatalogEntry? {
        entries.first { $0.descriptor.id == id }
    }
}
