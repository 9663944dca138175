import QKDCore

extension SwabianPulseStreamer {
    /// What is known of the Pulse Streamer 8/2 before it answers.
    public static let descriptor = DeviceDescriptor(
        id: "swabian-pulsestreamer-8-2",
        vendor: "Swabian Instruments",
        model: "Pulse Streamer 8/2",
        classes: [.laserModulator],
        transports: [.http, .tcp],
        support: .transcript,
        summary: "Pulse pattern generator, 8 digital and 2 analog outputs, 1 ns, on Ethernet",
        unverified: [
            "whether constant and setSquareWave125MHz stop a running sequence: forceFinal is sent first",
            "the outputs between upload and a software start: they are set to zero before the upload",
            "whether getTemperature answers with a number or with text: both are taken",
            "the bits of getStatusRegister: its value is shown, not judged",
            "the error codes of the binary port",
        ]
    )
}
