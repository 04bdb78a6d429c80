"""What is done in the cases that definitions usually leave open, in words.

Here: one text per code of ``Metric.edge_rules``, and of the two rules that hold for every metric. Add a text together
with its code in ``config.metric``. The rules themselves stand in ``sql/`` and in ``metric_sql``.
"""

from kpi_pipeline.config.metric import EdgeRule
from kpi_pipeline.config.model import Text

# Every metric keeps them, so that no metric names them.
RULES_OF_ALL: tuple[Text, ...] = (
    Text(
        en="Zero denominator: no value, with the reason; never 0 and never infinite.",
        fa="مخرج صفر: مقداری نشان داده نمی‌شود و دلیلش نوشته می‌شود؛ نه صفر و نه بی‌نهایت.",
    ),
    Text(
        en="Missing source: a period for which no source speaks has no value; it is not zero.",
        fa="نبود داده: دوره‌ای که هیچ منبعی درباره‌اش داده ندارد بی‌مقدار است، نه صفر.",
    ),
)
EDGE_RULES: dict[EdgeRule, Text] = {
    "partial_week": Text(
        en="Partial week: shown as partial, and neither compared nor judged until all its days are there.",
        fa="هفتهٔ ناقص: با نشان «ناقص» می‌آید و تا کامل شدن روزها نه مقایسه می‌شود و نه داوری.",
    ),
    "refund_after_week": Text(
        en="Refund after the week: the definition says whether it counts on its own day or on the day of its order.",
        fa="بازپرداخت پس از هفته: تعریف می‌گوید در روز خودش به حساب می‌آید یا در روز سفارش.",
    ),
    "currency": Text(
        en="Currency: each amount is converted at the rate of its own day, or of the last day before it within the age"
        " that the company allows; without such a rate the value is missing.",
        fa="ارز: هر مبلغ با نرخ روز خودش، یا آخرین نرخ پیش از آن تا سقف مجاز شرکت،"
        " تبدیل می‌شود؛ بدون نرخ، مقدار خالی می‌ماند.",
    ),
    "test_orders": Text(
        en="Test orders: left out above and below the division.",
        fa="سفارش‌های آزمایشی: نه در صورت شمرده می‌شوند و نه در مخرج.",
    ),
    "cancelled_orders": Text(
        en="Cancelled orders and those of employees: left out above and below the division; a later cancellation"
        " changes the day of the order.",
        fa="سفارش‌های لغوشده و سفارش‌های کارکنان: نه در صورت می‌آیند و نه در مخرج؛"
        " لغو دیرهنگام، روز سفارش را اصلاح می‌کند.",
    ),
    "bots": Text(
        en="Bots and staff: the whole session is left out, so that both sides lose it.",
        fa="ربات‌ها و کارکنان: کل نشست کنار گذاشته می‌شود تا از هر دو سوی کسر کم شود.",
    ),
    "guest_identity": Text(
        en="Guests: people are recognised by account, e-mail address or telephone number, in this order; whoever uses"
        " several is counted as several.",
        fa="خرید مهمان: افراد به‌ترتیب با حساب کاربری، ایمیل یا شمارهٔ تلفن شناخته می‌شوند؛"
        " کسی که با چند هویت بیاید چند نفر شمرده می‌شود.",
    ),
    "attribution_setting": Text(
        en="Attribution: window and model belong to the figure; figures of different settings are never added.",
        fa="انتساب: بازه و مدل انتساب بخشی از عدد است؛ عددهایی با تنظیم متفاوت هرگز با هم جمع نمی‌شوند.",
    ),
    "sampling": Text(
        en="Sampling: figures that a platform estimates from a part of its data are noted beside the value.",
        fa="نمونه‌گیری: اگر پلتفرم عدد را از بخشی از داده برآورد کرده باشد، کنار مقدار نوشته می‌شود.",
    ),
    "late_data": Text(
        en="Late data: recent days are provisional until their source no longer changes them.",
        fa="دادهٔ دیررس: روزهای اخیر تا زمانی که منبع ممکن است اصلاحشان کند غیرقطعی‌اند.",
    ),
    "above_100_percent": Text(
        en="Above 100 %: possible by definition, and shown as it is; it is no proportion.",
        fa="بیش از ۱۰۰٪: بنا به تعریف ممکن است و همان‌طور نشان داده می‌شود؛ این عدد سهم نیست.",
    ),
    "distinct_count": Text(
        en="Distinct count: counted anew for every period and member; days and members are never added up.",
        fa="شمارش یکتا: برای هر دوره و هر گروه از نو شمرده می‌شود؛ روزها و گروه‌ها با هم جمع نمی‌شوند.",
    ),
    "platform_redefinition": Text(
        en="Redefinition by a platform: the trend is split on that day, and nothing is compared across it.",
        fa="تغییر تعریف از سوی پلتفرم: روند از آن روز بریده می‌شود و دو سوی آن با هم مقایسه نمی‌شوند.",
    ),
    "calendar_events": Text(
        en="Holidays and sales days move against the weeks; compare weeks around the same event.",
        fa="مناسبت‌ها: نوروز، رمضان یا روزهای حراج در تقویم جابه‌جا می‌شوند؛ هفته‌های پیرامون یک مناسبت را با هم بسنجید.",
    ),
    "immature_cohort": Text(
        en="Young cohorts: only cohorts that have reached the full age count; until then there is no value.",
        fa="گروه‌های نابالغ: تنها گروه‌هایی که به سن کامل رسیده‌اند به حساب می‌آیند؛ پیش از آن مقداری نیست.",
    ),
    "consent": Text(
        en="Consent and privacy: only what may be measured is counted; opens by machines are left out.",
        fa="رضایت و حریم خصوصی: تنها آنچه اجازهٔ سنجش دارد شمرده می‌شود؛ بازشدن‌های ماشینی کنار می‌روند.",
    ),
    "small_numbers": Text(
        en="Small numbers: a value of few cases says little; chance alone moves it.",
        fa="تعداد کم: مقداری که از موارد اندک به دست آمده چیز زیادی نمی‌گوید و تصادف به‌تنهایی جابه‌جایش می‌کند.",
    ),
    "unit_mix": Text(
        en="Mixed units: percentages, micros and minor currency units are converted when a file is read; a figure out"
        " of range sends the file to quarantine.",
        fa="واحدهای درهم: درصد، میکرو و واحدهای خرد پول هنگام خواندن فایل تبدیل می‌شوند؛"
        " عدد بیرون از بازه، فایل را به قرنطینه می‌برد.",
    ),
}
