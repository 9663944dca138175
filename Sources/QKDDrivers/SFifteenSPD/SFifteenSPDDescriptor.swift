import QKDCore

extension SFifteenSPD {
    /// Static facts; the ids of its CDC-ACM port are in no public source.
    public static let descriptor = DeviceDescriptor(
        id: "sfifteen-spd", vendor: "S-Fifteen Instruments", model: "single-photon detector",
        classes: [.photonDetector], transports: [.serial], support: .description,
        summary: "avalanche single-photon detector with bias, cooler and counter, over a CDC serial port",
        unverified: [
            "the ranges of bias, threshold, temperature and Peltier voltage: the device refuses by itself",
            "the text of the errors that it prints, and the text of *idn? beyond the keyword",
            "whether hvolt? gives the set or the measured bias, and how many decimals it prints",
            "how fast the bias may be changed: steps and dwell are ours",
            "the units of threshvolt, pvolt and delay",
            "whether it takes commands while it counts",
            "the USB ids and names of the port",
        ])
}
