/// A format of time-tag files that the toolkit reads; `docs/tag-formats.md` describes them all.
public enum TagFormat: Sendable, Hashable {
    /// The toolkit's own: chunks with checksums, an index and metadata.
    case chunked
    /// PicoQuant's unified file.
    case picoQuantPTU
    /// qcrypto's 64-bit events in one of their three spellings.
    case qcrypto(QCryptoForm, QCryptoLayout)
    /// quTools quTAG and quTAU.
    case quTAG(QuTAGLayout)
    /// The 32-bit words of S-Fifteen's TDC1 as they come over the wire.
    case tdc1Raw
    /// The 16-byte records of Swabian's older dumps.
    case swabianDump
    /// Becker & Hickl's 4-byte FIFO records.
    case beckerHickl(BeckerHicklFamily)
    /// Lines of a time and a channel.
    case csv

    /// Every format that can be named, in the order in which help texts list them.
    public static let all: [TagFormat] =
        [.chunked, .picoQuantPTU]
        + QCryptoForm.allCases.flatMap { form in
            form.wordOrders.flatMap { order in
                QCryptoLayout.TimeUnit.allCases.map { .qcrypto(form, QCryptoLayout(unit: $0, wordOrder: order)) }
            }
        }
        + QuTAGLayout.allCases.map { .quTAG($0) } + [.tdc1Raw, .swabianDump]
        + BeckerHicklFamily.allCases.map { .beckerHickl($0) } + [.csv]

    /// The name for options, such as `ptu`, `a1-256th-ns`, `a0-2ns-x` (`-x`: swapped words), `qutag-raw`.
    public var name: String {
        switch self {
        case .chunked: "qkdtags"
        case .picoQuantPTU: "ptu"
        case .qcrypto(let form, let layout):
            "\(form.rawValue)-\(layout.unit.rawValue)\(layout.wordOrder == .swapped ? "-x" : "")"
        case .quTAG(let layout): "qutag-\(layout.rawValue)"
        case .tdc1Raw: "tdc1-raw"
        case .swabianDump: "swabian-dump"
        case .beckerHickl(let family): "spc-\(family.rawValue)"
        case .csv: "csv"
        }
    }

    /// Finds a format by its `name`; `nil` for any other text.
    public init?(name: String) {
        guard let match = TagFormat.all.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}
