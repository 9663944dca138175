import QKDCore

extension ThorlabsMBX {
    /// Static facts; the USB ids of its Silicon Labs bridge are in no public source.
    public static let descriptor = DeviceDescriptor(
        id: "thorlabs-mbx", vendor: "Thorlabs", model: "MBX series",
        classes: [.biasController, .attenuator], transports: [.serial], support: .transcript,
        summary: "Mach–Zehnder bias controller with a variable optical attenuator, over a serial line",
        unverified: [
            "the text of *IDN?",
            "the reply to a bad command, and whether a value out of range is refused or clamped",
            "what the attenuator does with the light while VOA:POWER is 0",
            "how long a calibration takes, and what the outputs do meanwhile",
            "how finely VOA:ATTEN and VOA:OUTPUT:MW are resolved",
            "the USB ids of the serial bridge",
        ])
}
