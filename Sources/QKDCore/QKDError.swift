/// What went wrong, as a closed kind, the code that the system or the device gave, and the place.
///
/// The library reports; the command line turns the kind into an exit code and adds what to try.
public struct QKDError: Error, Sendable, Equatable {
    /// The closed list of ways in which this toolkit can fail.
    public enum Kind: String, Sendable, CaseIterable {
        /// Nothing answers at the address, or a file does not exist.
        case absent
        /// The device is held by another process.
        case busy
        /// The operating system refuses access.
        case permissionDenied
        /// The device was there and went away.
        case disconnected
        /// No answer within the time that the protocol allows.
        case timeout
        /// The bytes do not follow the device's protocol.
        case protocolViolation
        /// The device understood and said no.
        case refused
        /// A value outside the device's or the model's range.
        case outOfRange
        /// A file, bench or option that cannot be understood.
        case invalidInput
        /// Understood, but not something this device or format can do.
        case unsupported
        /// Tags, bytes or frames are missing.
        case dataLoss
        /// Clock recovery found no lock between the two parties.
        case noLock
        /// The device says that it is not fit for use.
        case unhealthy
        /// A signal or a cancelled task ended the work.
        case interrupted
        /// Any other failure of a system call.
        case io
    }

    /// Where in the input the trouble is: a file, a byte offset or line in it, a field.
    public struct Place: Sendable, Equatable {
        /// The file's path, or the device's address.
        public var source: String
        /// Byte offset from the start of a binary source.
        public var byteOffset: Int?
        /// Line of a text source, from 1.
        public var line: Int?
        /// The field or key, as the source spells it.
        public var field: String?

        /// Makes a place from whichever parts are known.
        public init(_ source: String, byteOffset: Int? = nil, line: Int? = nil, field: String? = nil) {
            self.source = source
            self.byteOffset = byteOffset
            self.line = line
            self.field = field
        }
    }

    /// Which of the closed list of failures it is; decides the exit code.
    public var kind: Kind
    /// What was being done and what came instead, in one sentence without a full stop.
    public var message: String
    /// The `errno`, libusb, HTTP or device code behind it, where there is one.
    public var code: Int32?
    /// Where in a file or at which device, if there is such a place.
    public var place: Place?

    /// Makes an error; `message` must never hold key or seed material.
    public init(_ kind: Kind, _ message: String, code: Int32? = nil, at place: Place? = nil) {
        self.kind = kind
        self.message = message
        self.code = code
        self.place = place
    }
}

extension QKDError.Place: CustomStringConvertible {
    public var description: String {
        var text = source
        if let line { text += ":\(line)" }
        if let byteOffset { text += " at byte \(byteOffset)" }
        if let field { text += ", \(field)" }
        return text
    }
}

extension QKDError: CustomStringConvertible {
    public var description: String {
        var text = place.map { "\($0): " } ?? ""
        text += message
        if let code { text += " (code \(code))" }
        return text
    }
}
