      * 戸籍 見本: 実在しない人のデータ。構成員の数だけ繰り返す可変長。
       01  KOSEKI-RECORD.
           05  戸籍番号         PIC 9(8).
           05  氏               PIC X(20).
           05  本籍             PIC X(72).
           05  人数             PIC 9(2).
           05  構成員 OCCURS 1 TO 20 TIMES DEPENDING ON 人数.
               10  附票宛名番号 PIC 9(10).
               10  名           PIC X(20).
               10  生年月日     PIC 9(8) COMP-3.
