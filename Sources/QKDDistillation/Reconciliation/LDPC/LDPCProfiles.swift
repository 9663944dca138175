extension LDPCProfile {
    /// The profile of a number of rows, if there is one.
    public static func of(rows: Int) -> LDPCProfile? { all.first { $0.rows == rows } }

    /// All of them, from the highest rate on: each has at most an eighth more rows than the one before.
    ///
    /// At its threshold a code is told 1.10 (74 rows) to 1.16 (14 rows) times what Shannon's limit asks for. With fewer
    /// rows it is up to 1.26 times, because a column has no more circulants than there are rows.
    public static let all = [
        LDPCProfile(rows: 8, degrees: [2: 6, 3: 73, 8: 49], threshold: 0.0056),
        LDPCProfile(rows: 9, degrees: [2: 7, 3: 75, 8: 1, 9: 45], threshold: 0.0067),
        LDPCProfile(rows: 10, degrees: [2: 8, 3: 76, 10: 44], threshold: 0.0078),
        LDPCProfile(rows: 11, degrees: [2: 8, 3: 78, 9: 1, 10: 12, 11: 29], threshold: 0.0088),
        LDPCProfile(rows: 12, degrees: [2: 9, 3: 73, 4: 8, 12: 38], threshold: 0.0099),
        LDPCProfile(rows: 13, degrees: [2: 10, 3: 77, 6: 4, 7: 2, 10: 2, 11: 5, 12: 10, 13: 18], threshold: 0.0110),
        LDPCProfile(
            rows: 14, degrees: [2: 11, 3: 75, 5: 4, 6: 1, 7: 2, 8: 4, 12: 4, 13: 5, 14: 22], threshold: 0.0121),
        LDPCProfile(
            rows: 15, degrees: [2: 12, 3: 74, 4: 2, 6: 4, 7: 3, 8: 3, 10: 3, 12: 1, 13: 2, 14: 12, 15: 12],
            threshold: 0.0133),
        LDPCProfile(
            rows: 16, degrees: [2: 12, 3: 71, 4: 6, 5: 2, 7: 4, 8: 5, 14: 15, 15: 1, 16: 12],
            threshold: 0.0144),
        LDPCProfile(rows: 17, degrees: [2: 11, 3: 80, 8: 8, 13: 6, 14: 16, 15: 2, 16: 5], threshold: 0.0155),
        LDPCProfile(
            rows: 18, degrees: [2: 13, 3: 75, 4: 2, 5: 3, 7: 1, 8: 4, 9: 2, 10: 2, 11: 1, 13: 1, 14: 13, 16: 11],
            threshold: 0.0167),
        LDPCProfile(
            rows: 19, degrees: [2: 15, 3: 74, 6: 2, 7: 9, 10: 5, 12: 2, 14: 2, 15: 4, 16: 15],
            threshold: 0.0180),
        LDPCProfile(
            rows: 20, degrees: [2: 15, 3: 76, 5: 1, 6: 2, 9: 3, 10: 12, 14: 3, 15: 1, 16: 15],
            threshold: 0.0192),
        LDPCProfile(
            rows: 21, degrees: [2: 16, 3: 76, 6: 1, 7: 3, 8: 1, 9: 1, 10: 6, 12: 3, 14: 12, 15: 3, 16: 6],
            threshold: 0.0204),
        LDPCProfile(
            rows: 22, degrees: [2: 14, 3: 80, 6: 1, 9: 1, 10: 8, 11: 1, 14: 19, 15: 1, 16: 3],
            threshold: 0.0216),
        LDPCProfile(
            rows: 23, degrees: [2: 15, 3: 78, 5: 2, 7: 3, 8: 1, 10: 2, 11: 1, 13: 8, 14: 14, 15: 2, 16: 2],
            threshold: 0.0229),
        LDPCProfile(rows: 25, degrees: [2: 19, 3: 74, 6: 4, 7: 1, 8: 2, 10: 6, 14: 14, 16: 8], threshold: 0.0256),
        LDPCProfile(
            rows: 27, degrees: [2: 15, 3: 81, 6: 2, 8: 2, 9: 2, 10: 1, 11: 1, 12: 3, 14: 1, 15: 4, 16: 16],
            threshold: 0.0283),
        LDPCProfile(
            rows: 29, degrees: [2: 23, 3: 68, 4: 4, 5: 3, 7: 1, 9: 1, 10: 8, 11: 2, 14: 1, 15: 3, 16: 14],
            threshold: 0.0311),
        LDPCProfile(
            rows: 31, degrees: [2: 22, 3: 72, 4: 3, 5: 1, 8: 1, 9: 4, 10: 5, 14: 5, 15: 1, 16: 14],
            threshold: 0.0340),
        LDPCProfile(rows: 33, degrees: [2: 19, 3: 80, 8: 1, 9: 5, 10: 2, 14: 10, 16: 11], threshold: 0.0370),
        LDPCProfile(
            rows: 36, degrees: [2: 22, 3: 77, 6: 2, 9: 3, 10: 3, 12: 1, 13: 2, 14: 1, 15: 9, 16: 8],
            threshold: 0.0416),
        LDPCProfile(
            rows: 38, degrees: [2: 25, 3: 74, 6: 1, 8: 1, 9: 2, 10: 7, 14: 7, 15: 4, 16: 7], threshold: 0.0448),
        LDPCProfile(rows: 40, degrees: [2: 25, 3: 74, 4: 2, 9: 1, 10: 8, 14: 1, 15: 9, 16: 8], threshold: 0.0481),
        LDPCProfile(
            rows: 43, degrees: [2: 26, 3: 75, 7: 1, 8: 4, 10: 4, 11: 1, 14: 1, 15: 2, 16: 14],
            threshold: 0.0532),
        LDPCProfile(rows: 46, degrees: [2: 29, 3: 73, 7: 2, 10: 8, 11: 1, 14: 1, 16: 14], threshold: 0.0584),
        LDPCProfile(rows: 49, degrees: [2: 28, 3: 75, 9: 6, 10: 4, 16: 15], threshold: 0.0639),
        LDPCProfile(rows: 52, degrees: [2: 30, 3: 74, 5: 1, 10: 3, 11: 5, 12: 2, 15: 3, 16: 10], threshold: 0.0695),
        LDPCProfile(rows: 56, degrees: [2: 31, 3: 75, 9: 1, 11: 6, 14: 3, 15: 3, 16: 9], threshold: 0.0774),
        LDPCProfile(
            rows: 60, degrees: [2: 36, 3: 68, 6: 4, 7: 1, 10: 4, 13: 1, 14: 2, 15: 5, 16: 7],
            threshold: 0.0856),
        LDPCProfile(
            rows: 64, degrees: [2: 34, 3: 74, 8: 1, 10: 2, 11: 1, 12: 2, 14: 1, 15: 3, 16: 10],
            threshold: 0.0944),
        LDPCProfile(rows: 68, degrees: [2: 38, 3: 69, 4: 2, 8: 2, 9: 2, 12: 4, 13: 2, 16: 9], threshold: 0.1033),
        LDPCProfile(rows: 74, degrees: [2: 44, 3: 65, 7: 2, 10: 4, 11: 3, 12: 3, 15: 1, 16: 6], threshold: 0.1179),
    ]
}
