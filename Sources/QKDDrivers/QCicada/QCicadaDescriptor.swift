import QKDCore

extension QCicada {
    /// Static facts. The bridge is an FTDI one; which product id it has is in no public source.
    public static let descriptor = DeviceDescriptor(
        id: "crypta-labs-qcicada", vendor: "Crypta Labs", model: "QCicada",
        classes: [.randomSource], transports: [.serial], support: .transcript,
        summary: "quantum random number generator, over a serial line",
        unverified: [
            "the unit of the speed and of the sensor's average in the statistics",
            "what the device does with a length of zero and with an unknown command",
            "whether a status flag stays once it was set, and whether the device refuses to generate then",
            "the signed read on the wire: the source has no example of it",
            "the USB product id of the bridge",
        ])
}
