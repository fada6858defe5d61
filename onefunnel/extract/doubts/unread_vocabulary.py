"""By which names of columns and words of cells a row says that it is none: failed, refunded, gone out, a test, deleted.

Or that its figure is of something else than it counts for: of thousands, of each month again.

Names are folded: small letters, words parted by `_`, ё as е. Cells are trimmed and small. Where a word is ordinary elsewhere (open, new,
debit) it is looked for only in columns whose name leaves no other meaning.
"""

from __future__ import annotations

# Before and behind such a word may stand what it is said of: "payment failed", "partially refunded", "возврат платежа".
BEFORE = (
    r"^((partial|partially|full|fully|payment|charge|transaction|system|auto|processor|gateway|issuer|bank|auth|deadline|wc|zahlung|che(ck|que)"
    r"|частичный"
    r"|частично|полный|платеж|оплата)[ _.:-]+)*"
)
CANCELLED = (
    r"cancel(l?ed)?|cancell?ation$|void(ed)?|deleted|annull?ed|terminated|storn(o|iert)|gekündigt|gelöscht"
    r"|отмен(а|ен|ена|ено|енный)?|аннулирован[аоы]?|удален[аоы]?|расторгнут[аоы]?|скасован[аоий]"
    r"|annulée?s?|cancelad[oa]s?|annullat[oaie]|geannuleerd|anulowan[aeyo]|i̇?ptal|avbrut(en|et|na)|makulera[dt]|annull?er(ad|et|t)|kansellert"
    r"|キャンセル|取消|已取消"
)
REFUNDED = (
    r"refund(s|ed)?|charge[ _-]?backs?|charged[ _-]back|money[ _-]?back|reimburse(d|ment)|возвраты?|возвращен[аоы]?|чарджб[еэ]к"
    r"|(rück)?erstatt(et|ung)|remboursée?s?|remboursement|reembolsad[oa]|reembolso|contracargo|devuelt[oa]|devolución|devolvid[oa]"
    r"|rimborsat[oa]|rimborso|terugbetaald|terugbetaling|zwrócon[eayo]|zwrot|повернен[аоий]|återbetal(d|t|ning)|refunder(et|t)"
    r"|返金|退款|已退款"
)
NOT_PAID = (
    r"fail(ed|ure)?|declined?|denied|pending|revers(ed|al)|reject(ed)?|expired|unpaid"
    r"|not[ _-]paid|uncollectible|returned|disputed?|error|aborted|incomplete|fehlgeschlagen|abgelehnt|ausstehend|nicht bezahlt"
    r"|rückbuchung|rücklastschrift|отклонен[аоы]?|не ?оплачен[аоы]?|ошибка|ожида(ет|ние)"
    r"|в обработке|сторно"
    r"|échouée?s?|échec|refusée?|rejetée?|impayée?|non payée?|en attente|fallid[oa]|no pagad[oa]"
    r"|rechazad[oa]|pendiente|estornad[oa]|recusad[oa]|falhou|falhad[oa]|não pag[oa]|pendente"
    r"|rifiutat[oa]|fallit[oa]|non riuscit[oa]|non pagat[oa]|in attesa"
    r"|mislukt|geweigerd|odrzucon[eayo]|nieopłacon[eayo]|nieudan[aey]|i̇?ade|reddedildi"
    r"|beklemede|başarısız|misslyckad(es)?|obetald|失敗|失败|未払い"
    r"|відхилен[аоий]|не ?сплачен[аоий]|очікує"
)
UNPAID = rf"{REFUNDED}|{NOT_PAID}"
# Words of deals that did not come to a contract; a deal that is open is one of many words, and its column says so by its name.
LOST = (
    r"(closed[ _-]?)?lost|unqualified|abandoned|disqualified|проигран[аоы]?|провален[аоы]?|(сделка )?провалена|закрыто и не реализовано"
    r"|не реализован[аоы]?|отказ|verloren|perdue?|perdid[oa]"
)
AGREED_NO_MORE = (
    r"draft( invoice| order| payment)?$|entwurf|черновик|on[ _-]hold|paused|suspended|pausiert|приостановлен[аоы]?|заморожен[аоы]?"
)
# Said in columns of a status only: elsewhere they are said of an order, a mail, a lesson.
NOT_YET_PAID = (
    rf"{AGREED_NO_MORE}|authori[sz](ed|ation)( only| hold)?$|uncaptured|unsettled|awaiting|processing$|sent$|overdue|past[ _-]due|hold$"
    r"|requires[ _-](payment[ _-]method|confirmation|action|capture|source)|not[ _-](captured|completed|settled|confirmed|received)"
    r"|part(ial|ially|ly)?[ _-]paid|teilweise bezahlt|частично оплачен[аоы]?|ожидается|к оплате|выставлен[аоы]?"
    r"|не ?(проведен|завершен|подтвержден|получен)[аоы]?|test$|sandbox$|тест(овый|овая)?$"
    r"|credit (memo|note)s?|estimate$|quote$|pro-?forma|angebot$|stornorechnung|avoir$|nota d[ei] cr[eé]dito|кредит-?нота"
    r"|planned|scheduled|geplant|запланирован[аоы]?"
    r"|bounced|bounce$|nsf|(non|in)[ -]?sufficient funds|dishonou?red|stopped|rückläufer|zurückgewiesen"
    rf"|{LOST}|refused|time[d]?[ _-]?out|unclaimed|blocked|unsuccessful|payment due|write-?off|written off|bad debt|no payment"
    r"|do not honou?r|due$|неуспешн(о|ый|ая)|не исполнен[аоы]?|(general )?currency[ _-]conversion|internal transfer"
    r"|просрочен[аоы]?"
)
# Every column but those of what became of goods, or of the one who pays.
BY_THE_WAY = r"(?!(fulfil+ment|shipping|delivery|subscription|membership)(_|$)).*"
OPEN = r"^(open|new|created|offen|neu|angelegt|новый|новая|создан[ао]?|открыт[ао]?)$"
WENT_OUT = (
    r"out$|outgoing|outbound|outflow|outward|withdraw(al|als|n)|payouts?|paid[ -]out$|money[ _-]out|expenses?|expenditure|ausgang"
    r"|ausgehend|ausgaben?|abbuchung|auszahlung|belastung|zahlungsausgang|списани[ея]|расход(ы|ный|ная)?|исходящ(ий|ая|ее|ие)|выплата|вывод"
)
# In a column of ways to pay they are a card and a mandate, by which money came in.
DEBIT = r"debit$"
OF_DIRECTION = rf"{DEBIT}|lastschrift$|debits$|dbit$|memo$|dr?$|soll$|s$|sent$|[-−–]$|minus$|дебет$|дт$|д$|минус$"

# In a column of kinds they say it beside what came in: alone, a check or a mandate is how clients pay.
OUT_BESIDE_IN = (
    rf"{OF_DIRECTION}|(folge|erst|einmal|sepa-?)?lastschrift|check$|cheque$|bill[ _-](payment|pmt)"
    r"|((sales|payroll|income)[ _-])?tax[ _-]payment"
    r"|(прочее )?списание|(оплата|перечисление|платеж) поставщику|уплата (налог|взнос)|выплата|исходящ(ий|ее)"
)
CAME_IN = r"cr?$|credit|deposit|payment$|incoming|income|gutschr|haben$|h$|eingang|поступлени|приход|кредит$|кт$|к$|оплата от|входящ"

# Columns that are there to say what became of a row: payment_status, Transaction Type, статус оплаты.
STATE = r"status|state|zustand|статус|состояние|statut|estado|situa[cç][aã]o|stato|durum|stan"
STATUS = rf"{STATE}|type|kind|operation|result|outcome|typ|art|vorgang|тип|вид|операци[яи]|результат|tipo|document|документ"
OF_PAYING = r"payments?|transactions?|txn|tx|charge|invoice|zahlungs?|transaktions?|rechnungs?|платежа?|оплаты|транзакции|счета|финансовый"
OF_MONEY = (
    rf"{OF_PAYING}|operation|line|plan|financial|billing|entry|movement|document|buchungs?|umsatz|beleg|операции|строки|движения|документа"
)
STATUS_COLUMN = rf"(({OF_MONEY})_?)*({STATUS})(_({OF_MONEY}))*"
PLAIN_STATE = rf"{STATE}"
PAYING_STATE = rf"(({OF_PAYING}|financial|billing)_?)+({STATE})|({STATE})(_({OF_PAYING}))+"
WAY_TO_PAY = r"((payments?|zahlungs?)_?(type|kind|typ|art)|(type|kind|тип|вид)_(payment|оплаты|платежа))"
SIDES = r"(credit|debit|cr|dr|d|c|soll|haben|s|h|in|out|income|expense|incoming|outgoing|дебет|кредит|приход|расход|дт|кт)"
DIRECTION_COLUMN = (
    rf"(({OF_MONEY}|money|cash)_)*(direction|richtung|направление|in_?out|(cash_?)?flow|balance_impact|{SIDES}_(or_)?{SIDES}|drcr|crdr|dc"
    rf"|buchungstext|cdt_dbt_ind|sign|знак|vorzeichen)(_({OF_MONEY}|indicator|flag|mark|kennzeichen|type))*"
)
# Columns that say by their name what happened to a row that holds something there: amount_refunded, canceled_at, is_deleted.
HAPPENED = (
    r"cancell?ed|cancell?ation|voided|deleted|отменен[ао]?|отмены|удален[ао]?|(пометка|признак)_удаления|deletion_mark|löschkennzeichen"
)
GIVEN_BACK = (
    r"refund(ed|s)?|charge_?backs?|failed|failure|declined?|reversed|reversal|returns?|returned|storno|storniert|disputed?|lost|loss"
    r"|возврата?|возвратов|возвращен[ао]?|отказа|проигрыша|сторно|rücklastschrift"
)
PARTS = r"amount|sum|total|date|reason|сумма|дата|причина"
EVENT_COLUMN = (
    rf"((is|was|has|converted|{PARTS})_)*({{}})(_(amount|sum|total|at|on|by|id|date|time|utc|reason|message|indicator|flag|mark))*"
)
JOINED = (
    r"merged(_in(to)?|_to|_with)?(_?id)?|master_?(record|lead|contact)_?id|is_?spam|spam|duplicate_of(_.*)?|in_trash|trashed"
    r"|объединен[ао]?|спам"
    r"|(id_)?(основного|главного)_(лида|контакта|клиента)"
)
TWICE = r"((is|lead|contact|payment)_)?(duplicate|дубль|дубликат|dublette|doppelt|doublon|duplicado)(_(lead|contact|лид|лида|заявки))?"
REFUND_STATE = rf"(refund|dispute|chargeback)_?({STATE})|({STATE})_возврата|возврат_({STATE})"
GIVEN_BACK_SO_FAR = (
    r"full|fully|partial|partially|refund(s|ed)?|completed?|succeeded|done|pending|disputed|lost|needs[ _]response|under[ _]review"
    r"|полный|полностью|частичный|частично|возвращен[ао]?|выполнен[ао]?|оформлен[ао]?"
)
# Columns that say of each row whether it is one: yes or no.
BOOKED = r"captured|posted|booked|confirmed|approved|проведен[аоы]?|подтвержден[аоы]?|согласован[аоы]?|gebucht|verbucht|bestätigt|genehmigt"
PAID = (
    rf"{BOOKED}|paid|payed|won|closed_won|success|successful|successfully|succeeded|settled|completed?|cleared|received|collected"
    rf"|оплата|оплачен[аоы]?|получен[аоы]?"
    r"|зачислен[аоы]?|завершен[аоы]?|успешно|bezahlt|gezahlt|erhalten|eingegangen|erfolgreich"
)
LIVE = r"(is_)?(livemode|live_mode|live|production)"
FLAG_COLUMN = rf"((is|was|has|been|{PARTS}|payment|invoice|charge|transaction|платеж|счет)_)*({{}})(_(flag|amount|in_full))*"
DUE = (
    r"open_balance|(amount_)?(outstanding|due|remaining)|(balance|amount|total|sum)_(due|outstanding|remaining)|open_amount"
    r"|offen(er_betrag)?|restbetrag"
    r"|(остаток|сумма)_(к_оплате|долга)|задолженность|долг|(is_)?(overdue|past_due)|просрочен[ао]?|überfällig"
)
TEST = (
    r"((is|lead|payment|признак)_)*(test|sandbox|junk|fake|тест|тестов(ый|ая|ое)|мусор|testlead)"
    r"(_(mode|lead|payment|transaction|лид|платеж|заявка))*"
)
MODE = r"((payment|transaction|api|gateway)_)?(mode|environment|env)|режим|среда|umgebung"
NO = r"[^1-9]*0[^1-9]*|☐|✗|✘|❌|[-–—]|false|f|no|n|off|nein|falsch|нет|н|ложь|non|faux|nie|ні"
YES = r"true|t|1([.,]0)?|-1|yes|y|on|x|✓|✔|☑|[+]|checked|да|д|истина|ja|j|wahr|так|oui"
# With what JSON says that there is none
NOTHING = rf"^({NO}|\[\s*\]|\{{\s*\}}|(not[ _-]|un)(refunded|disputed)|без возврата)$"
LEAD_STATUS = (
    rf"((lead|deal|contact|record)_)?({STATUS}|quality|rating|lifecycle(_stage)?|stage|tags?|labels?|теги?|метки?|этап|стадия"
    rf"|качество|доступность)"
    r"(_(лида|заявки|сделки|контакта))?"
)
NO_LEAD = (
    r"junk|spam( lead| bot)?$|test(ing)?( lead| contact| record| deal)?$|fake|duplicate|тест(овый|овая)?( лид| контакт| заявка)?$|спам$"
    r"|мусор|дубль|дубликат|в корзине|trash|bot$|бот$"
)


# Money that went out in a column of its own, as bank statements have it. Of an account (51, 62.01) it has too few digits.
OUTFLOW = (
    r"((amount|sum|сумма)_)?(debits?|withdrawals?|paid_out|money_out|outgoing|outflow|payouts?|soll|belastung|ausgang|auszahlung"
    r"|abgang|abbuchung"
    r"|дебет|списани[ея]|списано|расход|расходы|выплачено)(_(amount|sum|eur|usd|rub))?|дата_?списан(о|ия)"
)
SUM_OR_DAY = r"[1-9][0-9]{2}|[1-9][0-9]?[ .,'\xa0][0-9]{3}|[0-9][./-][0-9]{1,2}[./-][0-9]"
STAGE = r"(deal|opportunity|sales|pipeline)_?(stage|status)|stage|(этап|стадия|статус)(_(сделки|продажи))?"
# Of a bank's entry a Gutschrift is money that came in, of a document one that goes back.
DOCUMENT = r"(document|invoice|belegs?|rechnungs?)_?(type|art|typ|kind)|tipo_documento|(вид|тип)_документа"
ORDER_STATUS = r"order_(status|state)|статус_заказа"
CATEGORY = r"category|categor[iy]a|kategorie|категория|статья(_(движения|учета|дохода|расхода))?"
# A chance below one of 100 is no money yet.
CHANCE = r"^(0([.,][0-9]+)?|[2-9]|[1-9][0-9])([.,][0-9]+)?\s*%?$"
# The day on which it was paid, where another one is read; of payouts to the bank it says nothing.
PAID_ON = (
    r"(payment|paid|received|collected|capture|captured|cleared)_?(date|at|on|time|day)|date_?(paid|received|of_payment)"
    r"|дата_(оплаты|платежа|поступления|зачисления)|оплачено_дата|(be)?zahl(t_am|datum|ungsdatum)|zahlungseingang|geldeingang|eingangsdatum"
    r"|fecha_(de_)?(pago|cobro)|date_(de_)?(paiement|reglement|règlement)|data_(di_|do_|de_)?(pagamento|incasso)|data_płatności"
    r"|ödeme_tarihi"
)
ARRIVED_ON = (
    r"(received|collected|cleared)_?(date|at|on|time|day)|date_?received|дата_(поступления|зачисления)|(zahlungs|geld)eingang|eingangsdatum"
    r"|fecha_(de_)?cobro|data_(di_|do_|de_)?incasso"
)
# Numbers whose meaning only the program knows that wrote them.
ANSWER_CODE = (
    r"((gateway|processor|bank|auth(orization)?|payment)_)?(response|result|reason|return|answer)_?code"
    rf"|код_(ответа|результата)|{STATUS_COLUMN}"
)
CODE = r"^[0-9]{1,3}$"
FAULT_CODE, NO_ZERO = r"((gateway|processor|bank|payment)_)?(error|decline|failure|rejection)_?code|код_(ошибки|отказа)", r"^0*[1-9][0-9]*$"
# In what an amount is told.
UNIT = (
    r"((cost|amount|sum|price|spend|money|value|currency)_)?(units?|scale|magnitude|denomination)(_of_(measure|account))?"
    r"|(geld|betrags?)?_?einheit|единиц[аы](_измерения)?|ед(_изм)?|unité|unidad|unità|jednostka|birim"
)
OTHER_UNIT = (
    r"(in |в )?(thousands?|thous|tsd|tausend|milliers?|miles|тыс(яч[аи]?)?|million(s|en)?|mio|mln|млн|миллион(ы|ов)?|'?000s?|[x×*] ?10{2,6}"
    r"|cents?|pence|pennies|kopecks?|коп(еек|ейки)?|центы|minor( units?)?|micros?|micro.*|микро.*|k|teur|keur|tusd|kusd|t€|k€|k\$)"
    r"([ .,/]*(eur|usd|gbp|rub|руб(лей|ли)?|₽|€|\$|£))?[.]?"
)
SCALE, MANIFOLD = (
    r"((cost|amount|currency|value)_)?(scale|multiplier|magnitude|denomination|factor)|множитель|кратность",
    r"10{2,6}([.,]0+)?",
)
# How often a cost comes again, and of how long a time a target is.
HOW_OFTEN = (
    r"(billing_|payment_|cost_)?(frequency|period_type|recurrence|recurring|periodicity|cycle|interval|period|repeats?)"
    r"|периодичность|период|частота"
    r"|повтор(ение|яется)?|turnus|rhythmus|intervall|häufigkeit|zeitraum|fréquence|frecuencia"
)
EACH_DAY, EACH_WEEK = (
    r"daily|(per |every )?day|ежедневно|день|täglich",
    r"weekly|(per |every )?week|еженедельно|недел[яю]|wöchentlich|woche",
)
# Beside what was, what was meant; beside rows of campaigns those of the ads in them; beside the parts of something all of it.
SCENARIO = (
    r"((data|record|row|value|cost|amount)_)?(scenario|version|plan_?fact|plan_?actual|actual_?plan)|план_?факт|сценарий|версия|szenario"
)
KIND_OF_ROW = (
    r"((data|record|row|value|cost|amount)_)?(type|kind|category|status|measure)|тип(_данных|_записи)?|вид|показатель|(daten)?art|kategorie"
)
WAS = r"actuals?|facts?|real(ized)?|ist|факт(ический|ические|ически)?"
MEANT = r"plan(ned)?|budget(ed)?|forecast(ed)?|estimated?|projected|план(овый|овые)?|прогноз|бюджет|смета|geplant|soll|prognose"
LEVEL_COLUMN = r"((report(ing)?|row|entity|data|record|aggregation)_)?(level|type|grain|granularity)|уровень(_отчета|_детализации)?|ebene"
LEVEL = (
    r"^(account|campaign|ad ?set|ad ?group|ad|keyword|creative|кампани[яи]|группы?( объявлений)?|объявлени[ея]|kampagne|day|daily"
    r"|week(ly)?|month(ly)?|день|недел[яи]|месяц|tag|woche|monat)s?$"
)
ALL_OF_IT = r"(grand |sub-?)?totals?|overall|итого|всего|summe|gesamt|insgesamt|razem|toplam|σ|∑|合計|合计|总计"
MAY_BE_ALL = r"[(\[]?(all|alle|toutes|tous|todas|todos|tutte|tutti|все)( [\w-]+)?[)\]]?"
EACH_MONTH = r"month(ly)?|(per|every) month|p[.]?m[.]?|ежемесячно|(в|каждый) месяц|monatlich|mensuel(le)?|mensual"
EACH_YEAR = (
    r"quarter(ly)?|(per|every) quarter|q[1-4]([ -]?[0-9]{2,4})?|ежеквартально|квартал|quartal|vierteljährlich|(semi-?)?annual(ly)?"
    r"|year(ly)?"
    r"|half[ -]?year(ly)?|(per|every) year|p[.]?a[.]?|ytd|ежегодно|год|полугодие|jährlich|jahr|annuel(le)?|anual|trimestre"
)
# Of expense tools and bookkeeping: what was asked for and not spent, and what came back.
NOT_SPENT = (
    r"rejected|declined|refused|denied|refund(ed)?|returned|reversed|disputed|submitted|(pending|awaiting|needs)[ _-]approval|not approved"
    r"|отклонен[аоы]?|не ?согласован[аоы]?|на согласовании|возвращен[аоы]?|eingereicht|abgelehnt|erstattet"
)
CAME_BACK = (
    r"credit (note|memo)s?|gutschrift(en)?|avoirs?|refund(s|ed)?|reversal|возврат(ы|а)?( от поставщика| поставщику| поставщика)?"
    r"|кредит-?нота|bill payment|rückerstattung"
)
# Of the account of an ad platform: money that was put into it, or given by it.
NO_SPEND = (
    r"top-?ups?|deposits?$|funds? added|prepay(ment|ments)|payments?( received)?$|refund(s|ed)?|reversal|(promo(tional|tion)? )?credits?$"
    r"|coupons?( credit| redeemed)?$|bonus(es)?( credit)?$|(credit )?adjustments?$"
    r"|пополнени[ея]|возврат(ы|а)?|бонус(ы)?$|зачисление|промокод$|einzahlung|gutschrift|guthaben|erstattung"
)
ALLOCATED = r"allocation(_pct|_percent)?|share(_pct|_percent)?|доля(_процент)?|anteil"
# Money that came in and is no revenue.
NO_REVENUE = (
    r"loans?( proceeds| received)?$|credit line|owner'?s? (investment|contribution|draw|equity)"
    r"|(share )?capital( contribution| increase| injection)?$|equity( injection| contribution)?$|investments?$"
    r"|interest( income| received| earned)?$|dividends?|grants?$|tax refund"
    r"|contributions?$|payouts?|fee$|получение (кредита|займа)|возврат (займа|налога|депозита)|за[йё]м|взнос|вклад учредителя"
    r"|перевод с другого счета|проценты( по депозиту| полученные)?|дивиденды|darlehen|einlage|zinsen|prêt|préstamo"
)
# What an account held before, not what came into it.
CARRIED = (
    r"(opening|closing|starting|beginning|ending|previous) balance|balance (brought|carried)|(brought|carried) (forward|down)|[bc]/f$"
    r"|(anfangs|end)-?saldo|saldo-?vortrag|übertrag$|(входящ|исходящ|начальн|конечн)(ий|ее|ый|ое) (остаток|сальдо|баланс)|сальдо"
    r"|остаток на|solde (initial|final|précédent|reporté)|saldo (inicial|anterior|final|iniziale|początkowe|końcowe)"
)
IN_BOOKS = rf"({CATEGORY})|reporting_category|account(_name)?|chart_of_accounts|gl_account|konto"
# What has not taken place, and what was left rather than reached.
NOT_HELD = (
    r"no[ _-]?show(ed)?|scheduled|rescheduled|planned|to[ _-]?do|not (done|held|attended|started)|open$|upcoming|не (состоял(ось|ась"
    r"|ся)|пришел|проведен[ао]?|сделано)"
    r"|неявка|запланирован[ао]?|перенесен[ао]?|geplant|verschoben|nicht erschienen"
)
LEFT = r"left( stage)?$|exit(ed)?|removed|out$|leave|ушел|выход|покинул|verlassen"
OF_EVENT = (
    rf"((meeting|demo|call|task|activity|event|stage|встречи|демо|задачи)_)?(outcome|result|done|completed|{STATE}|итог|результат|сделано)"
)
MOVE = r"(event|stage|change)?_?(action|direction|change_type|event_type|type|действие|тип_события)"
# Records that are no new lead of anybody.
NO_NEW_LEAD = (
    r"existing( business| client| customer)?|renewals?|up-?sell|cross-?sell|customer success|vendors?|suppliers?"
    r"|job applicants?|candidates?"
    r"|employees?|partial$|продлени[ея]|допродаж[аи]|действующий клиент|поставщик|соискатель|сотрудник|bestandskunde|verlängerung"
    r"|lieferant|bewerber"
)
KIND_OF_LEAD = (
    r"((deal|opportunity|lead|record|contact|response|business)_)?(type|kind|pipeline|record_type|lifecycle(_stage)?)|pipeline"
    r"|воронка|тип(_(сделки|лида|контакта|клиента))?"
)
# Tax of some rows only, or of all: words of a column, two of which are two measures of money.
TAX = r"(vat|tax(es)?|gst|ндс|mwst|ust|iva|tva)"
TAXED = (
    rf"((is|price|amount|cost)_)*{TAX}(_(mode|type|status|treatment))?|(price|amount|cost)_(type|mode)|net_(or_)?gross"
    rf"|gross_(or_)?net|brutto_netto"
)
TAX_WORDS = (
    r"^(incl(uded|uding|usive|[.])?|excl(uded|uding|usive|[.])?|gross|net|brutto|netto|с ндс|без ндс|в том числе|сверху|inklusive"
    r"|exklusive|ttc|ht)$"
)
TAX_INCLUDED = (
    rf"(is_)?((incl|including|includes|with)_)?{TAX}_?(included|incl|inclusive|включен|inkl)|(incl|including|includes|with|с)_{TAX}"
)
CUMULATIVE = r"(is_)?cumulative|running_total|ytd|нарастающим_итогом|kumuliert"
SUMMED_UP = r"(aggregation|period_type|view|accumulation|time_frame|агрегация)"
TO_DATE = r"ytd|year[ -]to[ -]date|qtd|quarter[ -]to[ -]date|cumulative|running|rolling.*|нарастающ.*|kumuliert"
OTHER_MEASURE = (
    r"hours?|h|hrs?|days?|d|weeks?|months?|seconds?|secs?|s|%.*|percent|pct|growth|час(ы|ов)?|дн(и|ей)|недел[ьи]|процент(ы|ов)?"
    r"|stunden|tage|prozent"
)
# KPIs that are told in such a measure.
NO_MONEY = r"_(days|hours|minutes|ratio|rate|share|percent|pct)$|^(lt|conversion)"
WORKING = r"working( day)?|business day|workday|рабочий( день)?|werktag|arbeitstag|weekday|normal( day)?$"
SIDE, SIDES_OF_RATE = (
    r"side|(rate_)?type|buy_?sell|вид_курса|тип_курса",
    r"^(buy|sell|bid|ask|mid|покупка|продажа|ankauf|verkauf|geld|brief)$",
)
HOLIDAY = r"(is_|public_)?(holiday|day_?off|non_?working)|праздник|выходной|нерабочий|feiertag|arbeitsfrei"
PARTIAL = r"(is_)?partial|is_incomplete|неполн(ый|ая)"
CHANGE_COLUMN, CHANGES = (
    rf"change|{UNIT}|measure|metric|тип|type",
    r"yoy|mom|wow|y/y|m/m|(%|percent(age)?) (change|growth|yoy|mom).*|change.*|growth.*|изменение.*|прирост.*|delta",
)


def begins(words: str) -> str:
    """The pattern of a cell that begins with one of them, whatever they are said of."""
    return f"{BEFORE}({words})($|[^a-zа-яäöüß])"


def shortly(words: str) -> str:
    """The pattern of a cell that says one of them and little else: by whom, when; prose and names of services say more."""
    return rf"{BEFORE}({words})[ .,:;!–-]*($|(([0-9#(]|(by|on|at|from|per|due|по|от|клиентом|von|am|par|por)($|[^a-zа-яäöüß])).*$))"


def whole(words: str) -> str:
    """The pattern of a cell that says one of them and nothing else."""
    return f"^({words})$"
