import QKDCore

extension SFifteenTDC1 {
    /// What is known of the S-Fifteen TDC1 before it answers.
    public static let descriptor = DeviceDescriptor(
        id: "sfifteen-tdc1",
        vendor: "S-Fifteen Instruments",
        model: "TDC1",
        classes: [.timeTagger],
        transports: [.serial],
        support: .transcript,
        summary: "Four-input counter and time tagger, 2 ns, on a USB serial port",
        unverified: [
            "USB vendor and product id",
            "the whole text of the *IDN? answer, beyond that it contains TDC1",
            "the texts of help, REFCLK? and ECLOCK?",
            "what an unknown command does",
            "the mode after power-up",
            "whether a dummy word can carry input bits as well",
        ],
        usb: [USBMatch(productContains: "TDC1")]
    )
}
