#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How large the random samples of the clock's tests are.
enum Statistics {
    /// Whether the long checks are asked for, by QKD_ACCEPTANCE=1.
    static let isAcceptance = getenv("QKD_ACCEPTANCE").map { String(cString: $0) == "1" } ?? false
    /// 1, or 20 for the long checks.
    static let scale = isAcceptance ? 20 : 1
}
