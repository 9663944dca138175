import QKDCore

extension IDQuantisUSB {
    /// Static facts.
    public static let descriptor = DeviceDescriptor(
        id: "idq-quantis-usb", vendor: "ID Quantique", model: "Quantis USB",
        classes: [.randomSource], transports: [.usb], support: .transcript,
        summary: "quantum random number generator on USB, 4 Mbit/s a module, with the health tests of SP 800-90B here",
        unverified: [
            "what the board version's digits mean",
            "how many modules a device has, and the meaning of the power byte beyond on and off",
            "the release number and the class codes of its descriptors",
            "how many bytes wait in the device, and what it does to a request that it does not know",
            "the min-entropy of a byte: the tests take 6 bits",
        ],
        usb: [USBMatch(vendorID: 0x0ABA, productID: 0x0102)])
}
