import QKDCore

extension NUSTimestampCard {
    /// Static facts; the firmware is public.
    public static let descriptor = DeviceDescriptor(
        id: "nus-fx2-timestamp", vendor: "Centre for Quantum Technologies", model: "Timestamp card, USB, revision 2",
        classes: [.timeTagger], transports: [.usb], support: .transcript,
        summary: "four-input time stamp card with an FX2 bridge, 125 ps, 2.2 M events/s",
        unverified: [
            "the volts of the threshold's converter, beyond 3586 being about -0.5 V",
            "bits 23 to 18 of an event's first word; zero is taken",
            "whether events of several inputs at once come as one event",
            "how full the FIFO is when the overflow flag rises; 3072 events by the firmware's watermark",
            "the phase table, which is of each card: without one, times are right to 2 ns only",
        ],
        usb: [USBMatch(vendorID: 0x04B4, productID: 0x1234, productContains: "Timestamp Card")])
}
