import QKDCore
import QKDTransport

extension CatalogEntry {
    /// Swabian Instruments Pulse Streamer 8/2.
    static let swabianPulseStreamer = CatalogEntry(
        descriptor: SwabianPulseStreamer.descriptor, link: .network(SwabianPulseStreamerEmulator.vendorPorts),
        connect: { connection, clock in
            guard case .network(let http, let stream) = connection else {
                throw QKDError(.unsupported, "\(SwabianPulseStreamer.descriptor.id) talks over the network")
            }
            return SwabianPulseStreamer(http: http, openStream: stream, clock: clock)
        },
        emulate: { .network(SwabianPulseStreamerEmulator(unit: $0.unit)) })
}

extension SwabianPulseStreamerEmulator: PulserEmulation {}
