import QKDBench

/// A benchmark's report as a table.
enum BenchmarkText {
    static func text(_ report: BenchmarkReport) -> String {
        var table = TextTable(["case", "items", "CPU, s", "wall, s", "M/s", "share of memory's speed"])
        for row in report.cases {
            table.row([
                row.name, "\(row.items) \(row.unit)", Figure.fixed(row.cpuSeconds, 4),
                Figure.fixed(row.wallSeconds, 4), Figure.fixed(row.itemsPerSecond / 1e6, 1),
                row.shareOfMemory.map { Figure.fixed($0, 2) } ?? "",
            ])
        }
        var lines = [
            "workload  \(report.workload), seed \(report.seed)",
            "machine   \(report.cpu), \(report.cores) cores; kernels for \(report.level)",
            "memory    one core reads \(Figure.fixed(report.memoryReadGBps, 1)) GB/s, copies "
                + "\(Figure.fixed(report.memoryCopyGBps, 1)) GB/s; at most \(Figure.fixed(report.peakRSSMB, 0)) MB used",
            "", table.text,
        ]
        let findings = report.cases.filter { !$0.findings.isEmpty }
        if !findings.isEmpty { lines.append("") }
        for row in findings {
            let values = row.findings.sorted { $0.key < $1.key }.map { "\($0.key) \(Figure.short($0.value))" }
            lines.append("\(row.name): \(values.joined(separator: ", "))")
        }
        return lines.joined(separator: "\n")
    }
}
