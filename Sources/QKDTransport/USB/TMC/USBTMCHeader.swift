/// The twelve bytes that begin every bulk message of the test and measurement class (USBTMC 1.0, section 3).
struct USBTMCHeader: Sendable, Equatable {
    /// What a message is (USBTMC 1.0, table 2; USB488, table 1).
    enum Message: UInt8, Sendable {
        case dataOut = 1
        /// To the device: asks for data. From the device: the data.
        case dataIn = 2
        case vendorOut = 126
        case vendorIn = 127
        case trigger = 128
    }

    static let length = 12

    var message: Message
    /// 1 to 255, another one for each message; an answer has that of what asked for it.
    var tag: UInt8
    /// Bytes of data that follow, the padding not counted; or the most that the host takes.
    var size: UInt32 = 0
    /// The last data of a message, or, in a request, that an end character ends it.
    var attributes: UInt8 = 0
    /// The end character of a request.
    var endCharacter: UInt8 = 0

    /// `EOM`: the last byte of a message is among the data.
    static let endOfMessage: UInt8 = 1
    /// Data that come to an end at the character.
    static let endsAtCharacter: UInt8 = 2

    var bytes: [UInt8] {
        [message.rawValue, tag, ~tag, 0] + size.littleBytes + [attributes, endCharacter, 0, 0]
    }

    init(_ message: Message, tag: UInt8, size: UInt32 = 0, attributes: UInt8 = 0) {
        self.message = message
        self.tag = tag
        self.size = size
        self.attributes = attributes
    }

    /// Reads a header; `nil` if it is too short, of an unknown kind, or its tag does not agree with itself.
    init?(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes.prefix(Self.length))
        guard bytes.count == Self.length, let message = Message(rawValue: bytes[0]), bytes[1] != 0,
            bytes[1] == ~bytes[2]
        else { return nil }
        self.message = message
        tag = bytes[1]
        size = bytes[4..<8].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        attributes = bytes[8]
        endCharacter = bytes[9]
    }

    /// Zeros that fill a message up to whole words of four bytes.
    static func padding(_ count: Int) -> Int { (4 - count % 4) % 4 }
}

/// Requests on the control endpoint (USBTMC 1.0, table 15; USB488, table 9) and what they answer.
enum USBTMCRequest {
    static let initiateAbortOut: UInt8 = 1
    static let checkAbortOut: UInt8 = 2
    static let initiateAbortIn: UInt8 = 3
    static let checkAbortIn: UInt8 = 4
    static let initiateClear: UInt8 = 5
    static let checkClear: UInt8 = 6
    static let getCapabilities: UInt8 = 7
    static let indicatorPulse: UInt8 = 64
    static let readStatusByte: UInt8 = 128
    static let remoteControl: UInt8 = 160
    static let goToLocal: UInt8 = 161
    static let localLockout: UInt8 = 162

    static let success: UInt8 = 1
    static let pending: UInt8 = 2
    static let noTransfer: UInt8 = 0x81
}

/// What a test and measurement device can do (USBTMC 1.0, table 37; USB488, table 8).
public struct USBTMCCapabilities: Sendable, Equatable {
    /// It blinks when it is asked to.
    public var pulsesIndicator: Bool
    /// It ends an answer at a character that the host names.
    public var takesEndCharacter: Bool
    /// It takes a trigger as a bulk message.
    public var takesTrigger = false
    /// It can be set to remote control, and its front panel be locked.
    public var takesRemoteControl = false
    /// It understands IEEE 488.2 and SCPI.
    public var speaksSCPI = false

    /// States what a device can do beyond sending and taking messages.
    public init(
        pulsesIndicator: Bool = true, takesEndCharacter: Bool = true, takesTrigger: Bool = false,
        takesRemoteControl: Bool = false, speaksSCPI: Bool = false
    ) {
        self.pulsesIndicator = pulsesIndicator
        self.takesEndCharacter = takesEndCharacter
        self.takesTrigger = takesTrigger
        self.takesRemoteControl = takesRemoteControl
        self.speaksSCPI = speaksSCPI
    }

    static let length = 24

    var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.length)
        bytes[0] = USBTMCRequest.success
        bytes[3] = 1  // USBTMC 1.00
        bytes[4] = pulsesIndicator ? 4 : 0
        bytes[5] = takesEndCharacter ? 1 : 0
        bytes[13] = 1  // USB488 1.00
        bytes[14] = (speaksSCPI ? 4 : 0) | (takesRemoteControl ? 2 : 0) | (takesTrigger ? 1 : 0)
        bytes[15] = (speaksSCPI ? 8 : 0) | (takesRemoteControl ? 2 : 0) | (takesTrigger ? 1 : 0)
        return bytes
    }

    /// Reads the 24 bytes; `isUSB488` is what the interface's protocol says: without it the second half is reserved.
    init?(_ bytes: [UInt8], isUSB488: Bool) {
        guard bytes.count >= Self.length else { return nil }
        pulsesIndicator = bytes[4] & 4 != 0
        takesEndCharacter = bytes[5] & 1 != 0
        guard isUSB488 else { return }
        takesTrigger = bytes[14] & 1 != 0
        takesRemoteControl = bytes[14] & 2 != 0
        speaksSCPI = bytes[15] & 8 != 0
    }
}
