import QKDCore

extension LunaPCDM02 {
    /// Static facts.
    public static let descriptor = DeviceDescriptor(
        id: "luna-pcd-m02", vendor: "Luna (General Photonics)", model: "PCD-M02",
        classes: [.polarizationController], transports: [.gpio], support: .transcript,
        summary: "piezo driver of a four-channel fibre squeezer, set over sixteen GPIO lines",
        unverified: [
            "on which edge of CS a value is taken; the rising one is assumed",
            "the shortest times between edges; 10 us are kept",
            "whether the lines stand 3.3 V, and what RESET does, which is left alone",
            "that 0 to 4095 are 0 to 140 V, and that 35 V are half a wave",
        ])
}
