import CQKDKernels
import QKDCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What instructions the engine's hot loops use. All levels give the same answers, bit by bit.
public enum KernelLevel: Int32, Sendable, CaseIterable, Comparable {
    /// What every machine has; on arm64 the compiler makes NEON of it.
    case scalar
    /// AVX2 with BMI1, BMI2 and POPCNT.
    case avx2
    /// AVX-512 F, BW, DQ, VL, VBMI, VBMI2 and VPOPCNTDQ.
    case avx512

    /// The environment variable that forces a level.
    public static let variable = "QKD_CPU"

    /// The best level that this machine has.
    public static let best = KernelLevel(rawValue: qkd_best_level()) ?? .scalar

    /// The levels that this machine has, the best last.
    public static var available: [KernelLevel] { allCases.filter { $0 <= best } }

    /// The level in use: the one that `QKD_CPU` forces, else the best.
    ///
    /// A value that cannot be had counts as none here; a program asks `forced(by:)` at its start and refuses it.
    public static let current: KernelLevel = {
        guard let value = getenv(variable) else { return best }
        return (try? forced(by: String(cString: value))) ?? best
    }()

    /// The level that a value of `QKD_CPU` forces; `nil` for no value.
    ///
    /// Throws `invalidInput` for a word that names no level, `unsupported` for a level that the machine lacks.
    public static func forced(by value: String?) throws(QKDError) -> KernelLevel? {
        guard let value, !value.isEmpty else { return nil }
        let names = available.map(\.name).joined(separator: ", ")
        guard let level = allCases.first(where: { $0.name == value }) else {
            throw QKDError(.invalidInput, "\(variable)=\(value): there is no such level; this machine has \(names)")
        }
        guard level <= best else {
            throw QKDError(.unsupported, "\(variable)=\(value): this machine has only \(names)")
        }
        return level
    }

    /// The word for options and reports: `scalar`, `avx2`, `avx512`.
    public var name: String {
        switch self {
        case .scalar: "scalar"
        case .avx2: "avx2"
        case .avx512: "avx512"
        }
    }

    /// By what they can do.
    public static func < (left: KernelLevel, right: KernelLevel) -> Bool { left.rawValue < right.rawValue }
}
